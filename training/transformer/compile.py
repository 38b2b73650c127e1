"""Compile a source model, with its pooling and normalisation, to the one ONNX graph that serving runs."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from framing.encoder import CompiledEncoder
from framing.encoder.compiled import GRAPH_FILE
from framing.encoder.files import TOKENIZER_FILE
from training.transformer.source import pooling_of, save_tokenizer

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Precision = Literal["int8", "float32"]
_INPUTS = ("input_ids", "attention_mask")


def compile_encoder(model: SentenceTransformer, folder: Path, precision: Precision = "int8", threads: int | None = None) -> CompiledEncoder:
    """Write the graph and the tokenizer of a plain model into `folder` (made if missing) and open them.

    int8 is dynamic, a scale for each output channel, and of seven-bit weights: with eight bits processors without VNNI
    instructions overflow in 16-bit sums, and would give other answers than those with them. Before, attention, embeddings and GELU
    become one node each, where the graph has them in a form that onnxruntime knows.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        exported = Path(scratch) / "float32.onnx"
        _export(model, exported)
        if precision == "int8":
            fused = Path(scratch) / "fused.onnx"
            _fuse(model, exported, fused)
            _quantize(fused, folder / GRAPH_FILE)
        else:
            (folder / GRAPH_FILE).write_bytes(exported.read_bytes())
    save_tokenizer(model, folder / TOKENIZER_FILE)
    return CompiledEncoder(folder, threads)


def _export(model: SentenceTransformer, path: Path) -> None:
    import torch

    transformer, pooling = model[0].auto_model, pooling_of(model)

    class OneGraph(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.transformer = transformer

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            states = self.transformer(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            if pooling == "cls":
                pooled = states[:, 0]
            else:
                mask = attention_mask.unsqueeze(-1).to(states.dtype)
                pooled = (states * mask).sum(1) / mask.sum(1)
            return torch.nn.functional.normalize(pooled, dim=1)

    example = torch.ones(1, 16, dtype=torch.long)
    axes = {name: {0: "texts", 1: "pieces"} for name in _INPUTS} | {"vector": {0: "texts"}}
    model.eval()
    transformer.set_attn_implementation("eager")  # the exporter knows no other kind of attention
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the exporter warns of its successor, which needs another package
        torch.onnx.export(
            OneGraph().eval(), (example, example), str(path), input_names=list(_INPUTS), output_names=["vector"],
            dynamic_axes=axes, opset_version=17, dynamo=False,
        )  # fmt: skip


def _fuse(model: SentenceTransformer, exported: Path, path: Path) -> None:
    from onnxruntime.transformers.fusion_options import FusionOptions
    from onnxruntime.transformers.optimizer import optimize_model

    config = model[0].auto_model.config
    kinds = FusionOptions("bert")
    # kernels of onnxruntime that run slower than the nodes they would replace; see SLOW_FUSIONS
    kinds.enable_skip_layer_norm = kinds.enable_bias_skip_layer_norm = kinds.enable_bias_gelu = False
    heads, width = config.num_attention_heads, config.hidden_size
    fused = optimize_model(str(exported), "bert", num_heads=heads, hidden_size=width, optimization_options=kinds, opt_level=0)
    fused.save_model_to_file(str(path))


def _quantize(fused: Path, path: Path) -> None:
    from onnx import TensorProto
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    prepared = fused.with_name("prepared.onnx")
    quant_pre_process(str(fused), str(prepared), skip_optimization=True, skip_symbolic_shape=True)
    float32 = {"DefaultTensorType": TensorProto.FLOAT}  # of what fused nodes give, which shape inference cannot tell
    quantize_dynamic(str(prepared), str(path), per_channel=True, reduce_range=True, weight_type=QuantType.QInt8, extra_options=float32)
