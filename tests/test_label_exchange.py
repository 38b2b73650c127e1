"""Labels from files and into files: all or none, and the same data set afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="skipped: sqlalchemy is not installed")

from framing.codebook import Codebook, Frame
from framing.data import Dataset, load_dataset
from framing.errors import DataError, FramingError
from framing.labels import Label, LabelQuery, Labels, Origin, open_store
from framing.labels.agreement import agreement
from framing.labels.current import current_labels
from framing.labels.disagreements import disagreements
from framing.labels.exchange import Coding, Imported, export_labels, import_labels


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Labels]:
    opened = open_store(str(tmp_path / "labels.db"))
    yield opened
    opened.close()


def csv_file(folder: Path, *lines: str, name: str = "in.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def exported(store: Labels, target: Path, codebook: Codebook, settled: bool = False) -> Dataset:
    export_labels(current_labels(store), target, settled)
    return load_dataset([target], codebook)


# --- in ---


def test_every_row_becomes_a_label_of_its_coder(store, tmp_path, tiny_codebook):
    path = csv_file(tmp_path, "id,text,frames,coder,group,style,language", "a,Rain.,rain,ben,g,news,en", "b,Nothing.,,,,,")
    assert import_labels(store, [path], tiny_codebook, Coding(coder="anna")) == Imported(2, 0, 0)
    assert [kept.label for kept in store.current()] == [
        Label("Rain.", ("rain",), "ben", origin=Origin(id="a", group="g", style="news", language="en")),
        Label("Nothing.", (), "anna", origin=Origin(id="b")),
    ]


def test_rows_without_a_coder_are_held_against_those_that_name_the_same_one(store, tmp_path, tiny_codebook):
    path = csv_file(tmp_path, "text,frames,coder", "Frost.,frost,anna", "Rain.,rain,anna", "Rain.,,")
    with pytest.raises(DataError, match="row 4: labels the text of row 3 in another way: no frame here, rain there"):
        import_labels(store, [path], tiny_codebook, Coding(coder="anna"))
    path = csv_file(tmp_path, "text,frames,coder", "Rain.,rain,anna", "Rain.,rain,")
    assert import_labels(store, [path], tiny_codebook, Coding(coder="anna")) == Imported(1, 0, 0)


def test_a_row_may_say_that_its_coder_decides_and_the_import_that_all_do(store, tmp_path, tiny_codebook):
    path = csv_file(tmp_path, "text,frames,coder,role", "Rain.,rain,carla,", "Rain.,,carla,adjudicator", "Frost.,frost,carla,coder")
    assert import_labels(store, [path], tiny_codebook, Coding()) == Imported(3, 0, 0)
    assert [kept.label.role for kept in store.current()] == ["coder", "adjudicator", "coder"]
    path = csv_file(tmp_path, "text,frames,coder,role", "Frost.,frost,carla,coder")
    assert import_labels(store, [path], tiny_codebook, Coding(role="adjudicator")) == Imported(1, 0, 0)
    path = csv_file(tmp_path, "text,frames,coder,role", "Hail.,,carla,judge")
    with pytest.raises(DataError, match="row 2: 'role' is 'judge'; accepted are coder and adjudicator"):
        import_labels(store, [path], tiny_codebook, Coding())
    assert len(load_dataset([path], tiny_codebook)) == 1  # elsewhere such a column means nothing


def test_an_import_may_come_twice_and_only_what_is_new_is_kept(store, tmp_path, tiny_codebook):
    path = csv_file(tmp_path, "text,frames,coder", "Rain.,rain,anna")
    import_labels(store, [path], tiny_codebook, Coding())
    path = csv_file(tmp_path, "text,frames,coder", "Rain.,rain,anna", "Frost.,frost,anna")
    assert import_labels(store, [path], tiny_codebook, Coding()) == Imported(1, 0, 1)
    assert import_labels(store, [path], tiny_codebook, Coding()) == Imported(0, 0, 2)
    assert len(tuple(store.page(LabelQuery(history=True)))) == 2


def test_another_answer_of_the_same_coder_is_refused_by_row_unless_it_may_replace(store, tmp_path, tiny_codebook):
    import_labels(store, [csv_file(tmp_path, "text,frames,coder", "Rain.,rain,anna")], tiny_codebook, Coding())
    path = csv_file(tmp_path, "text,frames,coder", "New.,,anna", "Rain.,frost,anna")
    with pytest.raises(DataError) as caught:
        import_labels(store, [path], tiny_codebook, Coding())
    (bad,) = caught.value.rows
    assert (bad.row, bad.problem) == (
        3, "'anna' has said something else of this text before (label 1: rain); --replace puts this in its place",
    )  # fmt: skip
    assert len(list(store.current())) == 1
    assert import_labels(store, [path], tiny_codebook, Coding(replace=True)) == Imported(1, 1, 0)
    assert [(kept.id, kept.label.frames, kept.label.replaces) for kept in store.current()] == [(2, (), None), (3, ("frost",), 1)]


def test_the_same_answer_by_a_reworded_codebook_is_told_as_such(store, tmp_path, tiny_codebook):
    path = csv_file(tmp_path, "text,frames,coder", "Rain.,rain,anna")
    import_labels(store, [path], tiny_codebook, Coding())
    with pytest.raises(DataError, match=f"'anna' has said this by another codebook .label 1, {tiny_codebook.digest[:12]}.; --replace"):
        import_labels(store, [path], replace(tiny_codebook, title="Reworded"), Coding())


def test_a_frame_that_is_named_like_a_column_of_an_export_is_no_hindrance_to_reading_it(store, tmp_path):
    codebook = Codebook("Roles", (Frame("role", "Role", "A role."), Frame("start", "Start", "A start.")))
    import_labels(store, [csv_file(tmp_path, "text,frames,coder", "One.,role,anna")], codebook, Coding())
    assert [passage.frames for passage in exported(store, tmp_path / "out.csv", codebook).passages] == [("role",)]


def test_every_bad_row_is_named_and_nothing_is_kept(store, tmp_path, tiny_codebook):
    path = csv_file(tmp_path, "text,frames,coder", "Rain.,rain,anna", ",rain,anna", "Hail.,hail,anna")
    with pytest.raises(DataError) as caught:
        import_labels(store, [path], tiny_codebook, Coding())
    assert [bad.row for bad in caught.value.rows] == [3, 4]
    path = csv_file(tmp_path, "text,frames,coder", "Rain.,rain,anna", "Snow.,,", "Fog.,,")
    with pytest.raises(DataError, match="names no coder; --coder says who labelled such rows") as caught:
        import_labels(store, [path], tiny_codebook, Coding())
    assert [bad.row for bad in caught.value.rows] == [3, 4]
    path = csv_file(tmp_path, "text,frames,coder", "Rain.,rain,anna", f"Snow.,,{'n' * 201}")
    with pytest.raises(DataError, match=r"row 3: 'coder' must be 1 to 200 characters"):
        import_labels(store, [path], tiny_codebook, Coding())
    assert list(store.current()) == []


@pytest.mark.parametrize("coder", ["an\0na", "an\udcffna", " anna", "n" * 201])
def test_a_coder_that_is_no_name_is_refused_before_the_store_is_asked(tmp_path, tiny_codebook, coder):
    path = csv_file(tmp_path, "text,frames", "Rain.,rain")
    with pytest.raises(DataError, match=r"row 2: 'coder' must be 1 to 200 characters"):
        import_labels(None, [path], tiny_codebook, Coding(coder=coder))


def test_a_row_that_says_something_else_of_its_origin_only_is_counted_apart_and_replaces_where_that_is_asked(
    store, tmp_path, tiny_codebook
):
    store.keep([Label("Rain.", ("rain",), "anna", origin=Origin("d", 3, 8, "1", "g", "news"))], tiny_codebook)
    same = csv_file(tmp_path, "text,frames,coder,group", "Rain.,rain,anna,g")
    assert import_labels(store, [same], tiny_codebook, Coding(replace=True)) == Imported(0, 0, 1)
    other = csv_file(tmp_path, "text,frames,coder,group,language", "Rain.,rain,anna,h,en")
    assert import_labels(store, [other], tiny_codebook, Coding()) == Imported(0, 0, 0, described=1)
    assert [kept.id for kept in store.current()] == [1]
    assert import_labels(store, [other], tiny_codebook, Coding(replace=True)) == Imported(0, 0, 0, described=1)
    assert [kept.label for kept in store.current()] == [
        Label("Rain.", ("rain",), "anna", replaces=1, origin=Origin("d", 3, 8, "1", "h", "news", "en"))
    ]
    assert import_labels(store, [other], tiny_codebook, Coding()) == Imported(0, 0, 1)


def test_a_label_kept_between_reading_and_writing_ends_as_a_row_that_was_overtaken(store, tmp_path, tiny_codebook):
    class Overtaken:
        def heads(self, chains):
            before = store.heads(chains)
            store.keep([Label("Rain.", (), "anna")], tiny_codebook)
            return before

        def keep(self, *given):
            return store.keep(*given)

    path = csv_file(tmp_path, "text,frames,coder", "Frost.,frost,anna", "Rain.,rain,anna")
    with pytest.raises(DataError, match=r"row 3: 'replaces' is missing: the coder has label 1 on this text"):
        import_labels(Overtaken(), [path], tiny_codebook, Coding())
    assert len(list(store.current())) == 1


# --- out ---


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "out.parquet"])
def test_what_was_imported_comes_out_as_the_same_data_set(store, tmp_path, tiny_codebook, name):
    path = tmp_path / "in.jsonl"
    rows = [
        {"id": "a", "text": "Rain;\r\n\"fell\".", "frames": ["frost", "rain"], "coder": "anna", "group": "g", "style": "news", "language": "en"},
        {"id": "a", "text": "Rain; \"fell\".", "frames": [], "coder": "ben"},
        {"id": "b", "text": "Nothing. 雨", "frames": [], "coder": "anna"},
        {"text": "No name.", "frames": ["rain"], "coder": "anna"},
    ]  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    import_labels(store, [path], tiny_codebook, Coding())
    assert exported(store, tmp_path / name, tiny_codebook).digest == load_dataset([path], tiny_codebook).digest


def test_labels_from_anywhere_come_out_as_one_readable_data_set(store, tmp_path, tiny_codebook):
    """Ids that two texts bear, groups that coders name differently and texts without a name are no trouble to the reader."""
    store.keep(
        [
            Label("Rain.", ("rain",), "anna", origin=Origin(id="1", group="x")),
            Label("Rain.", (), "ben", origin=Origin(id="1", group="y")),
            Label("Frost.", ("frost",), "anna", origin=Origin(id="1")),
            Label("Fog.", (), "anna", origin=Origin("d", 0, 4)),
            Label("Rain.", ("frost",), "anna", "adjudicator"),
        ],
        tiny_codebook,
    )
    dataset = exported(store, tmp_path / "out.csv", tiny_codebook)
    assert [(passage.text, passage.coder, passage.frames) for passage in dataset.passages] == [
        ("Rain.", "anna", ("rain",)), ("Rain.", "ben", ()), ("Frost.", "anna", ("frost",)), ("Fog.", "anna", ()),
    ]  # fmt: skip
    assert dataset.groups[:2] == ["x", "x"]


def test_settled_labels_are_one_row_a_text_and_leave_open_texts_out(store, tmp_path, tiny_codebook):
    store.keep(
        [
            Label("Agreed.", ("rain",), "ben"), Label("Agreed.", ("rain",), "anna"), Label("Alone.", (), "anna"),
            Label("Open.", ("rain",), "anna"), Label("Open.", (), "ben"),
            Label("Decided.", ("rain",), "anna"), Label("Decided.", (), "ben"), Label("Decided.", ("frost",), "dora", "adjudicator"),
        ],
        tiny_codebook,
    )  # fmt: skip
    dataset = exported(store, tmp_path / "out.jsonl", tiny_codebook, settled=True)
    assert [(passage.text, passage.coder, passage.frames) for passage in dataset.passages] == [
        ("Agreed.", "ben", ("rain",)), ("Alone.", "anna", ()), ("Decided.", "dora", ("frost",)),
    ]  # fmt: skip


def test_a_settled_row_tells_all_that_is_known_of_its_text_whoever_decided(store, tmp_path, tiny_codebook):
    store.keep(
        [
            Label("Rain.", ("rain",), "anna", origin=Origin(id="1", style="news")),
            Label("Rain.", (), "ben", origin=Origin("d", 3, 8, group="g", language="en")),
            Label("Rain.", (), "carl", origin=Origin("e", style="blog")),
            Label("Rain.", ("frost",), "dora", "adjudicator"),
        ],
        tiny_codebook,
    )
    export_labels(current_labels(store), tmp_path / "out.jsonl", settled=True)
    row = json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8"))
    assert {name: row[name] for name in ("id", "group", "style", "language", "document", "start", "end", "coder", "frames")} == {
        "id": "1", "group": "g", "style": "news", "language": "en", "document": "d", "start": 3, "end": 8, "coder": "dora", "frames": ["frost"],
    }  # fmt: skip


def test_the_queue_and_an_export_call_a_text_the_same_and_a_decision_on_it_can_be_imported(store, tmp_path, tiny_codebook):
    origin = Origin(id="1", style="news", language="en")
    store.keep(
        [Label(text, frames, coder, origin=origin) for text in ("Rain.", "Frost.") for coder, frames in (("anna", ("rain",)), ("ben", ()))],
        tiny_codebook,
    )
    queue = [waiting.as_row() for waiting in disagreements(current_labels(store))]
    decided = tmp_path / "decided.jsonl"
    decided.write_text("".join(json.dumps({**row, "frames": [], "coder": "dora"}) + "\n" for row in queue), encoding="utf-8")
    assert {(p.id, p.group, p.text) for p in exported(store, tmp_path / "out.csv", tiny_codebook).passages} == {
        (row["id"], row["group"], row["text"]) for row in queue
    }
    assert import_labels(store, [decided], tiny_codebook, Coding(role="adjudicator")) == Imported(2, 0, 0)
    settled = exported(store, tmp_path / "settled.csv", tiny_codebook, settled=True)
    assert [(p.id, p.style, p.language) for p in settled.passages] == [(row["id"], "news", "en") for row in queue]


def test_nothing_to_write_is_said_and_no_file_is_left(store, tmp_path, tiny_codebook):
    with pytest.raises(FramingError, match="the store holds no labels"):
        current_labels(store)
    store.keep([Label("Open.", ("rain",), "anna"), Label("Open.", (), "ben")], tiny_codebook)
    with pytest.raises(DataError, match="there is no label to write"):
        export_labels(current_labels(store), tmp_path / "out.csv", settled=True)
    assert not (tmp_path / "out.csv").exists()


# --- several codebooks ---


def test_labels_of_codebooks_with_the_same_frames_go_together_and_others_must_be_chosen(store, tiny_codebook):
    reworded = replace(tiny_codebook, title="Weather, second edition")
    wider = Codebook("Weather", (*tiny_codebook.frames, Frame("hail", "Hail", "It hails.")))
    store.keep([Label("Rain.", ("rain",), "anna")], tiny_codebook)
    store.keep([Label("Rain.", ("rain",), "ben")], reworded)
    assert len(current_labels(store).labels) == 2
    assert len(current_labels(store, tiny_codebook).labels) == 1
    store.keep([Label("Hail.", ("hail",), "anna")], wider)
    with pytest.raises(FramingError, match="choose one with --codebook") as caught:
        current_labels(store)
    assert f"{wider.digest[:12]}: 1 label" in str(caught.value)
    assert current_labels(store, wider).codebook == wider
    with pytest.raises(FramingError, match="the store holds no labels by codebook"):
        current_labels(store, replace(tiny_codebook, title="Never used"))


def test_codebooks_that_list_the_same_frames_in_another_order_go_together(store, tiny_codebook):
    turned = Codebook("Weather", tiny_codebook.frames[::-1])
    store.keep([Label("Sleet.", ("rain", "frost"), "anna"), Label("Sun.", (), "anna")], tiny_codebook)
    store.keep([Label("Sleet.", ("rain", "frost"), "ben"), Label("Sun.", (), "ben")], turned)
    figures = agreement(current_labels(store))
    assert (figures.disputed, figures.whole.agreement, figures.whole.alpha) == (0, 1, 1)


def test_a_codebook_that_comes_while_labels_are_read_is_known(store, tiny_codebook):
    class Growing:
        codebooks = store.codebooks

        def current(self, *until):
            store.keep([Label("Rain.", (), "anna")], tiny_codebook)
            return store.current(*until)

    assert current_labels(Growing()).codebook == tiny_codebook


def test_texts_that_share_an_id_are_called_the_same_whatever_is_corrected(store, tmp_path, tiny_codebook):
    for week, text in (("one", "Rain."), ("two", "Hail.")):
        (tmp_path / week).mkdir()
        import_labels(store, [csv_file(tmp_path / week, "text,frames", f"{text},")], tiny_codebook, Coding(coder="anna"))
    before = {passage.text: passage.id for passage in exported(store, tmp_path / "before.csv", tiny_codebook).passages}
    import_labels(store, [csv_file(tmp_path, "text,frames", "Rain.,rain")], tiny_codebook, Coding(coder="anna", replace=True))
    assert {passage.text: passage.id for passage in exported(store, tmp_path / "after.csv", tiny_codebook).passages} == before


def test_a_correction_without_an_id_keeps_the_one_that_its_text_had(store, tmp_path, tiny_codebook):
    import_labels(store, [csv_file(tmp_path, "id,text,frames", "art-17,Rain.,")], tiny_codebook, Coding(coder="anna"))
    import_labels(store, [csv_file(tmp_path, "text,frames", "Rain.,rain")], tiny_codebook, Coding(coder="anna", replace=True))
    (kept,) = store.current()
    assert (kept.label.frames, kept.label.origin.id) == (("rain",), "art-17")


def test_a_correction_without_an_id_makes_none_up_for_a_text_that_had_none(store, tmp_path, tiny_codebook):
    store.keep([Label("Rain.", (), "anna")], tiny_codebook)
    import_labels(store, [csv_file(tmp_path, "text,frames,group", "Rain.,,g")], tiny_codebook, Coding(coder="anna", replace=True))
    (kept,) = store.current()
    assert kept.label.origin == Origin(group="g")


def test_sealed_passages_do_not_come_into_the_store(store, tmp_path, tiny_codebook):
    path = csv_file(tmp_path, "text,frames,half", "Rain.,rain,tune", "Frost.,frost,sealed")
    with pytest.raises(DataError, match=r"in\.csv: has sealed passages; leave them out"):
        import_labels(store, [path], tiny_codebook, Coding(coder="anna"))
    assert list(store.current()) == []
