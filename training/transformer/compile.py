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
_INPUT = "input_ids"


def compile_encoder(model: SentenceTransformer, folder: Path, precision: Precision = "int8", threads: int | None = None) -> CompiledEncoder:
    """Write the graph and the tokenizer of a plain model into `folder` (made if missing) and open them.

    int8 is dynamic, a scale for each output channel, and of seven-bit weights: with eight bits processors without VNNI
    instructions overflow in 16-bit sums, and would give other answers than those with them. Before, attention, embeddings and GELU
    become one node each, where the graph has them in a form that onnxruntime knows. The graph takes no mask: what it is given is
    read whole, and texts of different lengths are runs of their own.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        exported = Path(scratch) / "float32.onnx"
        _export(model, exported)
        if precision == "int8":
            fused = Path(scratch) / "fused.onnx"
            _fuse(model, exported, fused)
            _quantize(fused, folder / GRAPH_FILE)
            _lighten(folder / GRAPH_FILE)
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

        def forward(self, input_ids: Any) -> Any:
            # without a mask the fusion would not know the attention; this one is dropped after it
            mask = torch.ones_like(input_ids)
            states = self.transformer(input_ids=input_ids, attention_mask=mask).last_hidden_state
            pooled = states[:, 0] if pooling == "cls" else states.sum(1) / states.shape[1]
            return torch.nn.functional.normalize(pooled, dim=1)

    example = torch.ones(1, 16, dtype=torch.long)
    axes = {_INPUT: {0: "texts", 1: "pieces"}, "vector": {0: "texts"}}
    model.eval()
    transformer.set_attn_implementation("eager")  # the exporter knows no other kind of attention
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the exporter warns of its successor, which needs another package
        torch.onnx.export(
            OneGraph().eval(), (example,), str(path), input_names=[_INPUT], output_names=["vector"],
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


def _lighten(path: Path) -> None:
    """Drop what changes no bit: the mask of attention, since no run is padded, and zero points of weights, which are zeros."""
    import onnx
    from onnxruntime.transformers.onnx_model import OnnxModel

    graph = OnnxModel(onnx.load(str(path)))
    zeros = {weights.name for weights in graph.model.graph.initializer if not onnx.numpy_helper.to_array(weights).any()}
    for node in graph.model.graph.node:
        if node.op_type == "QAttention":
            node.input[5] = ""  # the mask
            if node.input[7] in zeros:
                node.input[7] = ""
        elif node.op_type == "MatMulInteger" and len(node.input) > 3 and node.input[3] in zeros:
            del node.input[3]
    graph.prune_graph()
    graph.save_model_to_file(str(path))
