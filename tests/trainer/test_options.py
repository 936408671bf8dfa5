"""Options are the config's fields; what is impossible is named."""

import argparse
import json
from pathlib import Path

import pytest

from trainer.config import TrainingConfig
from trainer.options import ConfigError, add_config_options, config_from


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_config_options(parser)
    return parser.parse_args(words)


def test_no_options_give_the_default_config() -> None:
    assert config_from(parsed()) == TrainingConfig()


def test_options_set_their_fields() -> None:
    words = (
        "--epochs 7 --lr 0.01 --scenario nlos --sync-ns 33 --early-stop --steps 2 --nlos-ns none"
    )
    config = config_from(parsed(*words.split()))
    assert (config.epochs, config.learning_rate, config.scenario) == (7, 0.01, "nlos")
    assert (config.sync_ns, config.early_stop, config.refine_steps) == (33, True, 2)
    assert config.nlos_ns is None


def test_every_impossible_option_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        config_from(parsed("--epochs", "-3", "--seed", "x"))
    assert "epochs" in str(caught.value)
    assert "seed" in str(caught.value)


@pytest.mark.parametrize("name", ["c.toml", "c.json"])
def test_file_gives_fields_and_options_win(tmp_path: Path, name: str) -> None:
    content = {
        "c.toml": "epochs = 9\nwidth = 16\n",
        "c.json": json.dumps({"epochs": 9, "width": 16}),
    }
    (tmp_path / name).write_text(content[name])
    config = config_from(parsed("--config", str(tmp_path / name), "--epochs", "5"))
    assert (config.epochs, config.width) == (5, 16)


def test_file_with_unknown_field_or_no_sense_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("epoch = 9\n")
    with pytest.raises(ConfigError, match="epoch: there is no such field"):
        config_from(parsed("--config", str(tmp_path / "a.toml")))
    (tmp_path / "b.toml").write_text("epochs = = 9\n")
    with pytest.raises(ConfigError, match="cannot be read"):
        config_from(parsed("--config", str(tmp_path / "b.toml")))


def test_help_shows_unit_default_and_range_of_every_field() -> None:
    parser = argparse.ArgumentParser()
    add_config_options(parser)
    text = " ".join(parser.format_help().split())
    for name, field in TrainingConfig.model_fields.items():
        assert "--" + name.replace("_", "-") in text
        if field.default is not None:
            assert f"default {field.default}" in text, name
    assert "receiver timing noise, rms [ns; default the scenario's; 1 to 1000000]" in text
