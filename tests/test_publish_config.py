"""A config of whatever kind becomes JSON: nothing raises, secrets are masked, the rest is kept."""

import dataclasses
import math
import time
from argparse import Namespace
from collections import OrderedDict, namedtuple
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pydantic
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from heimdall_dash.publish.config import MASK, MAX_BYTES, MAX_TEXT, plain_config
from heimdall_dash.publish.secrets import is_secret

WANTED: dict[str, Any] = {"learning_rate": 1e-3, "model": {"depth": 3, "name": "unet"}}


@dataclasses.dataclass
class Model:
    depth: int = 3
    name: str = "unet"


@dataclasses.dataclass
class Config:
    learning_rate: float = 1e-3
    model: Model = dataclasses.field(default_factory=Model)


class PydanticModel(pydantic.BaseModel):
    depth: int = 3
    name: str = "unet"


class Pydantic(pydantic.BaseModel):
    learning_rate: float = 1e-3
    model: PydanticModel = PydanticModel()


class Plain:
    def __init__(self) -> None:
        self.learning_rate, self.model, self._hidden = 1e-3, Namespace(depth=3, name="unet"), 1


class Transformers:
    def to_dict(self) -> dict[str, Any]:
        return WANTED


class Color(Enum):
    RED = "r"


class Raises:
    def __str__(self) -> str:
        raise RuntimeError("no str")

    __repr__ = __str__

    def __hash__(self) -> int:
        return 1


class Unbound:
    @property
    def __class__(self) -> Any:
        raise RuntimeError("bound to nothing")

    @__class__.setter
    def __class__(self, value: Any) -> None:
        raise AttributeError


class OddMapping(Mapping[str, Any]):
    def __getitem__(self, name: str) -> Any:
        if name == "odd":
            raise KeyError("no item")
        return 7

    def __iter__(self) -> Iterator[str]:
        yield from ("ok", "odd")

    def __len__(self) -> int:
        return 2


class NoIteration(OddMapping):
    def __iter__(self) -> Iterator[str]:
        raise RuntimeError("no iteration")


def plain(config: Any) -> dict[str, Any]:
    found, troubles = plain_config(config)
    assert troubles == []
    assert orjson.loads(orjson.dumps(found)) == found
    return found


def test_a_config_may_be_of_any_usual_kind() -> None:
    kinds = [
        WANTED, OrderedDict(WANTED), Config(), Pydantic(), Plain(), Transformers(),
        Namespace(learning_rate=1e-3, model=Model()), {"learning_rate": 1e-3, "model": Model()},
        namedtuple("Tuple", WANTED)(1e-3, Model()),
    ]  # fmt: skip
    for config in kinds:
        assert plain(config) == WANTED
    assert plain(None) == {}


def test_an_omegaconf_config_is_resolved_and_a_missing_value_costs_no_other() -> None:
    from_dict = OmegaConf.create
    config = from_dict(
        {"lr": 0.1, "twice": "${lr}", "odd": "???", "wrong": "${nowhere}", "steps": [1, {"a": 2}],
         "more": ["???", 3]}
    )  # fmt: skip
    found = plain(config)
    assert (found["lr"], found["twice"], found["steps"]) == (0.1, 0.1, [1, {"a": 2}])
    assert "Missing" in found["odd"]
    assert "wrong" in found
    assert "more" in found


def test_what_json_lacks_is_text() -> None:
    config = {
        "device": torch.device("cuda:0"), "dtype": torch.bfloat16, "path": Path("/x"),
        "enum": Color.RED, "nan": math.nan, "inf": -math.inf, "huge": 2**64, "bytes": b"x",
        "complex": 1j, "class": Model, "function": len, "range": range(3), 7: "int key",
        None: "none key", ("a", 1): "tuple key", "surrogate": "\ud800", "raises": Raises(),
    }  # fmt: skip
    found = plain(config)
    assert found["device"] == "cuda:0"
    assert found["path"] == "/x"
    assert (found["nan"], found["inf"], found["huge"]) == ("nan", "-inf", str(2**64))
    assert found["7"] == "int key"
    assert found["surrogate"] == "?"
    assert len(found) == len(config)


def test_numbers_sets_and_sequences_are_what_they_are() -> None:
    config = {
        "bool": True, "none": None, "np": np.float32(0.5), "np_int": np.int64(7),
        "text": np.str_("a"),
        "tensor": torch.tensor(0.5), "seed": 2**53 - 1, "set": {3, 1, 2}, "tuple": (1, (2, 3)),
        "frozen": frozenset({"b", "a"}), "zero": torch.zeros(1), "big": torch.initial_seed(),
    }  # fmt: skip
    found = plain(config)
    assert (found["bool"], found["none"], found["np"], found["np_int"]) == (True, None, 0.5, 7)
    assert (found["text"], found["tensor"], found["seed"]) == ("a", 0.5, 2**53 - 1)
    assert (found["set"], found["tuple"], found["frozen"]) == ([1, 2, 3], [1, [2, 3]], ["a", "b"])


@pytest.mark.parametrize(
    "config", [7, "text", [1, 2], {1}, Raises, torch.zeros(2), len, NoIteration()]
)
def test_what_is_no_config_is_said(config: Any) -> None:
    found, troubles = plain_config(config)
    assert found == {}
    assert len(troubles) == 1


def test_one_odd_value_costs_no_other() -> None:
    """An object that raises took the whole config with it."""

    @dataclasses.dataclass
    class Partial:
        a: int = 1
        b: int = dataclasses.field(init=False)

    config = {
        "raises": Raises(), Raises(): 1, "unbound": Unbound(), "mapping": OddMapping(),
        "no_iteration": NoIteration(), "partial": Partial(), "list": [Raises(), 1],
        "set": {Raises()}, "ok": 7,
    }  # fmt: skip
    found, _ = plain_config(config)
    orjson.dumps(found)
    assert found["ok"] == 7
    assert found["mapping"]["ok"] == 7
    assert found["partial"]["a"] == 1
    assert found["list"][1] == 1
    assert len(found) == len(config)


def test_what_holds_itself_or_explodes_costs_no_time() -> None:
    circle: dict[str, Any] = {"x": 1}
    circle |= {"a": circle, "b": [circle] * 100}
    laughs: Any = 1
    for _ in range(15):
        laughs = [laughs] * 100
    deep: Any = 1
    for _ in range(5000):
        deep = {"a": deep}
    began = time.monotonic()
    found, _ = plain_config({"ok": 7, "circle": circle, "laughs": laughs, "deep": deep, "last": 8})
    orjson.dumps(found)
    assert (found["ok"], found["last"], found["circle"]["x"]) == (7, 8, 1)
    assert time.monotonic() - began < 5


def test_what_is_cut_or_left_out_for_its_size_is_said() -> None:
    long = "x" * 5_000_000
    found, troubles = plain_config({"text": long, "list": list(range(50_000)), "ok": 1})
    assert found["text"] == long[:MAX_TEXT]
    assert len(found["list"]) == 10_000
    assert len(troubles) == 2
    found, troubles = plain_config({f"k{i}": "x" * MAX_TEXT for i in range(100)} | {"ok": 1})
    assert found["ok"] == 1
    assert 30 < len(found) < 60
    assert len(orjson.dumps(found)) <= MAX_BYTES
    assert 0 < len(troubles) < 10


def test_a_million_small_values_are_cut_in_no_time() -> None:
    """One was taken out at a time, and the largest looked for anew: hours."""
    began = time.monotonic()
    found, troubles = plain_config({str(n): n for n in range(300_000)})
    assert 0 < len(orjson.dumps(found)) <= MAX_BYTES
    assert 0 < len(troubles) < 10
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    "name",
    ["HF_TOKEN", "hf_token", "api_key", "apiKey", "api-key", "OPENAI_API_KEY", "password", "passwd",
     "db_password", "secret", "client_secret", "wandbToken", "access_key", "aws_secret_access_key",
     "private_key", "credentials", "auth", "Authorization", "admin_password", "login_token",
     "json_secret", "amazon_access_key", "--api-key", "token", "min_secret", "model.api_key",
     "per_user_password", "secret_key", "passphrase"],
)  # fmt: skip
def test_secrets_are_masked(name: str) -> None:
    assert is_secret(name)
    assert plain({name: "hunter2", "nested": {name: "hunter2"}}) == {
        name: MASK, "nested": {name: MASK},
    }  # fmt: skip
    assert "hunter2" not in str(plain(Namespace(**{name: ["hunter2"]})))


@pytest.mark.parametrize(
    "name",
    ["max_tokens", "tokenizer", "tokenizer_path", "num_tokens", "tokens", "pad_token",
     "eos_token_id", "token_dropout", "token_embedding_dim", "use_token_type_ids", "author",
     "authors", "key", "monkey", "n_token", "tokens_per_batch", "keyword", "bypass", "compass",
     "cls_token", "secretary", "max_new_tokens", "tokenize", "tokenization", "passes"],
)  # fmt: skip
def test_what_only_sounds_like_a_secret_is_shown(name: str) -> None:
    assert not is_secret(name)
    assert plain({name: "shown"}) == {name: "shown"}


def test_an_unset_secret_says_that_it_is_unset() -> None:
    assert plain({"token": None, "password": "", "use_auth": True}) == {
        "token": None, "password": "", "use_auth": True,
    }  # fmt: skip


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
    | st.builds(Raises)
    | st.sampled_from([Color.RED, Model(), np.float16(1), torch.zeros(2), Raises, len]),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner)
    | st.dictionaries(st.text(max_size=3) | st.integers() | st.floats(), inner, max_size=3),
    max_leaves=15,
)  # fmt: skip


@given(ANYTHING | st.dictionaries(st.text(max_size=3), ANYTHING))
def test_anything_becomes_json(config: Any) -> None:
    found, troubles = plain_config(config)
    assert orjson.loads(orjson.dumps(found)) == found
    orjson.dumps(troubles)
