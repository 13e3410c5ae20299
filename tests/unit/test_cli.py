"""The command line: csv in, csv and png out; one clear line where something is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tests import grids
from tjepa_estimators import PretrainedEncoder, pretrain
from tjepa_estimators.cli import VERBS, main
from tjepa_estimators.errors import DataError
from tjepa_estimators.plugins import CommandSpec, catalog, hookimpl

STEPS = 120


@pytest.fixture(scope="session")
def folder(tmp_path_factory, tiny_pretrained):
    """A daily series, a panel of two shops with a text column, a series without times, and an encoder."""
    folder = tmp_path_factory.mktemp("cli")
    rng, days = np.random.default_rng(0), pd.date_range("2024-01-01", periods=STEPS, freq="D")
    wave = np.sin(np.arange(STEPS) * 2 * np.pi / 7) + 0.1 * rng.standard_normal(STEPS)
    daily = pd.DataFrame({"day": days, "sales": 10 + wave, "visits": 100 + 20 * wave})
    daily.to_csv(folder / "daily.csv", index=False)
    shops = [daily.assign(shop=shop, manager="someone") for shop in ("north", "south")]
    pd.concat(shops).to_csv(folder / "shops.csv.gz", index=False)
    daily[["sales"]].to_csv(folder / "bare.csv", index=False)
    tiny_pretrained.save(folder / "encoder")
    return folder


@pytest.fixture
def cli(folder, tmp_path, monkeypatch, capsys):
    """Run a verb in the folder of the files; ``{out}`` stands for a fresh folder."""
    monkeypatch.chdir(folder)

    def run(line, code=0):
        assert main(line.format(out=tmp_path).split()) == code
        return capsys.readouterr()

    return run


def test_help_names_every_verb(cli):
    shown = cli("--help").out
    assert all(verb in shown for verb in VERBS)
    assert "tjepa forecast sales.csv --pretrained encoder" in shown


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_shows_examples(verb, capsys):
    with pytest.raises(SystemExit, match="0"):
        main([verb, "--help"])
    shown = capsys.readouterr().out
    assert f"tjepa {verb}" in shown.partition("examples:")[2]


@pytest.mark.parametrize("arguments", ["['plugins']", "['--help']", "['--version']"])
def test_small_verbs_start_without_the_heavy_libraries(arguments):
    heavy = ("torch", "numpy", "pandas", "sktime", "darts", "pytorch_lightning", "jsonargparse", "matplotlib")
    code = (
        f"import sys, time; from tjepa_estimators.cli import main; main({arguments}); "
        f"print('heavy:', [name for name in {heavy} if name in sys.modules], 'seconds:', time.process_time())"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "heavy: []" in out
    assert float(out.split()[-1]) < 0.3


def test_plugins_lists_encoders_and_domains(cli):
    shown = cli("plugins").out
    assert all(name in shown for name in ("transformer", "weather", "ecg"))


def test_pretraining_saves_an_encoder_and_shows_its_health(cli, tmp_path):
    shown = cli(
        "pretrain daily.csv --domains weather,webtraffic --output {out}/enc --steps 2 --jepa.context_length 32 "
        "--jepa.future_length 8 --jepa.patch_length 8 --train.batch_size 8 --encoder_config.depth 1"
    ).out
    encoder = PretrainedEncoder.load(tmp_path / "enc")
    assert encoder.context_length == 32
    assert encoder.info.encoder_config["depth"] == 1
    assert encoder.info.provenance.train["steps"] == 2
    assert [source["name"] for source in encoder.info.provenance.data] == ["weather", "webtraffic", "daily.csv"]
    assert "rank" in shown
    assert "lift_over_mean" in shown


def test_a_config_file_means_the_same_as_flags(cli, tmp_path):
    settings = {
        "domains": "weather",
        "jepa": {"context_length": 16, "future_length": 8, "patch_length": 4},
        "steps": 1,
    }
    (tmp_path / "run.json").write_text(json.dumps(settings))
    cli("pretrain --config {out}/run.json --train.seed 3 --output {out}/file")
    cli(
        "pretrain --domains weather --jepa.context_length 16 --jepa.future_length 8 --jepa.patch_length 4 --steps 1 "
        "--train.seed 3 --output {out}/flags"
    )
    assert (
        PretrainedEncoder.load(tmp_path / "file").fingerprint == PretrainedEncoder.load(tmp_path / "flags").fingerprint
    )


def test_a_preset_is_what_flags_are_laid_over(cli, tmp_path):
    cli("pretrain daily.csv --preset temporal-jepa --jepa.loss l2 --steps 1 --output {out}/enc")
    info = PretrainedEncoder.load(tmp_path / "enc").info
    assert (info.jepa.patch_length, info.jepa.loss, info.encoder_config["depth"]) == (4, "l2", 4)
    assert info.provenance.train["learning_rate"] == 1e-4


def test_a_preset_with_a_tokenizer_reads_domains_of_samples(cli, tmp_path, monkeypatch):
    grids.install(monkeypatch)
    cli("pretrain --domains squares --preset grid-tiny --train.seed 2 --output {out}/enc")
    encoder = PretrainedEncoder.load(tmp_path / "enc")
    assert encoder == pretrain("squares", config="grid-tiny", train={"seed": 2})
    shown = cli("info {out}/enc").out
    assert "grid" in shown
    assert "CC0 1.0" in shown
    assert "reads what the tokenizer `grid` reads" in (tmp_path / "enc" / "README.md").read_text()
    assert "must read series" in cli("embed daily.csv --pretrained {out}/enc --output o", code=2).err
    assert "grids need three axes" in cli("pretrain daily.csv --preset grid-tiny --output o", code=2).err


def test_a_forecast_goes_on_where_the_file_ends(cli, tmp_path):
    shown = cli(
        "forecast daily.csv --pretrained encoder --horizon 5 --quantiles .1 .5 .9 "
        "--output {out}/f.csv --plot {out}/f.png"
    ).out
    table = pd.read_csv(tmp_path / "f.csv", parse_dates=["day"])
    assert list(table["day"]) == list(pd.date_range("2024-04-30", periods=5, freq="D"))
    assert list(table.columns[:5]) == ["day", "sales", "sales_q0.1", "sales_q0.5", "sales_q0.9"]
    assert (table["sales_q0.1"] <= table["sales_q0.9"]).all()
    assert (tmp_path / "f.png").stat().st_size > 10_000
    assert all(row in shown for row in ("repeat the last value", "linear baseline", "latents"))


def test_a_panel_is_forecast_series_by_series(cli, tmp_path):
    told = cli("forecast shops.csv.gz --group shop --pretrained encoder --horizon 3 --output {out}/f.csv").err
    table = pd.read_csv(tmp_path / "f.csv")
    assert list(table["shop"]) == ["north"] * 3 + ["south"] * 3
    assert "manager" in told
    assert np.allclose(table["sales"][:3], table["sales"][3:])


def test_a_file_without_times_is_forecast_by_step(cli, tmp_path):
    cli("forecast bare.csv --pretrained encoder --horizon 2 --forecast.blocks lookback --output {out}/f.csv")
    assert list(pd.read_csv(tmp_path / "f.csv")["step"]) == [STEPS, STEPS + 1]


def test_steps_left_out_of_the_file_are_missing_values(folder, tmp_path):
    from tjepa_estimators.commands.csv_files import read_csv

    pd.read_csv(folder / "daily.csv").drop(index=[10, 11]).sample(frac=1, random_state=0).to_csv(
        tmp_path / "gaps.csv", index=False
    )
    (series,) = read_csv(tmp_path / "gaps.csv").series
    assert len(series) == STEPS
    assert np.flatnonzero(np.isnan(series.values[:, 0])).tolist() == [10, 11]


def test_weekends_are_not_missing_from_business_days(tmp_path):
    from tjepa_estimators.commands.csv_files import read_csv

    days = pd.date_range("2024-01-01", periods=40, freq="B").delete(7)
    pd.DataFrame({"day": days, "close": range(39)}).to_csv(tmp_path / "b.csv", index=False)
    file = read_csv(tmp_path / "b.csv")
    assert len(file.series[0]) == 40
    assert [stamp.dayofweek for stamp in file.future(file.series[0], 2)] == [0, 1]


def test_detection_scores_every_step_and_marks_the_strangest(cli, folder, tmp_path):
    strange = pd.read_csv(folder / "bare.csv")
    strange.loc[80:87, "sales"] = 10.0
    strange.to_csv(tmp_path / "strange.csv", index=False)
    shown = cli(
        "detect {out}/strange.csv --fit bare.csv --pretrained encoder --contamination 0.05 --detect.window 16 "
        "--output {out}/s.csv --plot {out}/s.png"
    ).out
    table = pd.read_csv(tmp_path / "s.csv")
    assert list(table.columns) == ["step", "score", "is_anomaly"]
    assert len(table) == STEPS
    assert 70 <= table["score"].argmax() < 98
    assert table["is_anomaly"][table["score"].argmax()] == 1
    assert (tmp_path / "s.png").stat().st_size > 10_000
    assert "stretches" in shown


def test_detection_explains_what_made_the_scores_of_every_series(cli, tmp_path):
    cli(
        "detect shops.csv.gz --group shop --columns sales,visits --pretrained encoder --detect.window 16 "
        "--output {out}/s.csv --explain {out}/new/why.png"
    )
    scores, why = (pd.read_csv(tmp_path / name) for name in ("s.csv", "new/why.csv"))
    assert (tmp_path / "new" / "why.png").stat().st_size > 10_000
    assert list(why.columns[:4]) == ["shop", "day", "score", "1:prediction"]
    assert list(why.columns[-2:]) == ["share of sales", "share of visits"]
    assert why["score"].equals(scores["score"])
    assert why["share of sales"].between(0.0, 1.0).all()


def test_the_threshold_of_detection_may_be_a_rate_of_alarms(cli, tmp_path):
    cli(
        "detect bare.csv --pretrained encoder --detect.window 16 --output {out}/s.csv "
        '--detect.threshold {{"alarms":2,"steps":120}}'
    )
    flags = pd.read_csv(tmp_path / "s.csv")["is_anomaly"]
    assert 1 <= (flags.diff() == 1).sum() + flags[0] <= 2


def test_embeddings_are_named_by_the_end_of_their_window(cli, tmp_path, tiny_pretrained):
    cli("embed daily.csv --columns sales --pretrained encoder --stride 10 --output {out}/e.csv")
    table = pd.read_csv(tmp_path / "e.csv")
    assert table["day"].iloc[-1] == "2024-04-29"
    assert list(table.columns) == ["day", *(f"sales_{unit}" for unit in range(tiny_pretrained.dim))]
    values = pd.read_csv("daily.csv")["sales"].to_numpy()[None, -tiny_pretrained.context_length :]
    assert np.allclose(table.iloc[-1, 1:].to_numpy(float), tiny_pretrained.embed(values)[0], atol=1e-4)


def test_info_shows_settings_and_hash(cli, tiny_pretrained):
    shown = cli("info encoder").out
    assert "jepa.context_length" in shown
    assert tiny_pretrained.fingerprint[:16] in shown


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("forecst x", "Did you mean 'forecast'"),
        ("forecast dayly.csv --horizon 2 --output o", "no file 'dayly.csv'. Did you mean 'daily.csv'"),
        ("forecast daily.csv --horizon 2 --output o --columns sails", "Did you mean 'sales'"),
        (
            "forecast daily.csv --horizon 2 --output o --columns day",
            "not numeric: row 2 of the file holds '2024-01-01'",
        ),
        ("forecast shops.csv.gz --horizon 2 --output o", "--group"),
        ("forecast daily.csv --output o", "horizon"),
        ("forecast daily.csv --horizon 2 --output .", "is a folder"),
        ("forecast daily.csv --horizon 2 --output daily.csv", "is the file that is read"),
        ("detect bare.csv --fit daily.csv --columns sales --output bare.csv", "is the file that is read"),
        ("pretrain daily.csv --output daily.csv", "is no artifact folder"),
        ("forecast daily.csv --horizon 0 --output o", "horizon must be at least 1"),
        ("forecast daily.csv --horizon 2 --output o --forecast.block both", "forecast.block"),
        ("embed daily.csv --pretrained nowhere/at/all --output o", "nowhere/at/all"),
        ("pretrain --output o", "csv files or --domains"),
        ("pretrain --domains , --output o", "csv files or --domains"),
        ("pretrain --domains webtraffic,wether --output o", "Did you mean 'weather'"),
        ("pretrain daily.csv --preset huge --output o", "choose one of tiny"),
        ("info .", "config.json"),
    ],
)
def test_an_error_is_one_line_that_says_what_to_do(cli, line, told):
    shown = cli(line, code=2)
    assert told in shown.err.splitlines()[-1]
    assert shown.err.splitlines()[-1].startswith(f"tjepa {line.split()[0]}: ")
    assert "Traceback" not in shown.err


def test_an_unknown_key_of_a_config_file_is_named_with_its_path(cli, tmp_path):
    (tmp_path / "run.yaml").write_text("jepa:\n  context_lenght: 16\n")
    told = cli("pretrain daily.csv --output {out}/enc --config {out}/run.yaml", code=2).err
    assert "jepa" in told
    assert "context_lenght" in told


def test_a_damaged_cell_is_pointed_at_instead_of_dropping_its_column(cli, tmp_path):
    table = pd.read_csv("daily.csv").astype({"sales": object})
    table.loc[4, "sales"] = "n.a!"
    table.to_csv(tmp_path / "damaged.csv", index=False)
    told = cli("forecast {out}/damaged.csv --horizon 2 --output {out}/f.csv", code=2).err
    assert "row 6 of the file holds 'n.a!'" in told


def test_debug_shows_the_whole_error(folder, monkeypatch):
    monkeypatch.chdir(folder)
    with pytest.raises(ValueError, match=r"no file 'nothing\.csv'"):
        main(["forecast", "nothing.csv", "--horizon", "2", "--output", "o", "--debug"])


SMALL = (
    "--steps 2 --jepa.context_length 32 --jepa.future_length 8 --jepa.patch_length 8 --train.batch_size 8 "
    "--encoder_config.depth 1"
)


def test_pretraining_on_several_domains_shows_how_each_fared_and_so_does_info(cli, tmp_path):
    weights = '{{"weather":1,"data":3}}'
    told = cli(
        f"pretrain daily.csv --domains weather --output {{out}}/enc {SMALL} --jepa.quantiles {{{{}}}} "
        f"--mixture.weights {weights} --mixture.validation 0.3"
    ).out
    provenance = PretrainedEncoder.load(tmp_path / "enc").info.provenance
    assert provenance.shares == {"weather": 0.25, "data": 0.75}
    for shown in (told, cli("info {out}/enc").out):
        table = shown.partition("kept from training")[2]
        assert all(title in table for title in ("share", "latent loss", "lift over copy", "quantile loss"))
        (row,) = [line.split() for line in table.splitlines() if line.startswith("data")]
        assert row[1:3] == ["0.75", "12"]
        assert float(row[3]) == pytest.approx(provenance.domains["data"]["loss"], rel=0.01)


def test_one_domain_alone_has_no_table_of_domains(cli):
    assert "kept from training" not in cli(f"pretrain daily.csv --output {{out}}/enc {SMALL}").out


def test_without_a_part_held_out_the_shares_are_shown_alone(cli):
    shown = cli(f"pretrain daily.csv --domains weather --output {{out}}/enc {SMALL} --mixture.validation 0").out
    assert "share of the batches" in shown
    assert "latent loss" not in shown


def test_a_forecast_without_any_fit_says_that_it_was_not_measured(cli, tiny_decoding, tmp_path):
    tiny_decoding.save(tmp_path / "decoding")
    shown = cli(
        "forecast daily.csv --pretrained {out}/decoding --forecast.strategy zero_shot --horizon 12 --output {out}/f.csv"
    ).out
    assert "Nothing was fitted" in shown
    assert pd.read_csv(tmp_path / "f.csv")["sales"].between(5, 15).all()


def test_a_forecast_from_an_encoder_that_decodes_shows_what_is_decoded_beside_the_baseline(
    cli, tiny_decoding, tmp_path
):
    tiny_decoding.save(tmp_path / "decoding")
    shown = cli("forecast daily.csv --pretrained {out}/decoding --horizon 5 --output {out}/f.csv").out
    assert all(row in shown for row in ("linear baseline", "decoded by the encoder", "<- used"))


def play(options):
    """The verb of a plugin: a note that is no number is an error, and silence has an exit code of its own."""
    if options == ["wrong"]:
        raise DataError("no note is called 'wrong'")
    sys.stdout.write(f"played {options}")
    return None if options else 3


@pytest.fixture
def _plays(monkeypatch):
    """A plugin with two verbs, as if it were installed; one has the name of a verb that is there already."""

    @hookimpl
    def tjepa_commands():
        return [
            CommandSpec(name=name, target=f"{__name__}:play", summary="notes in")
            for name in ("play-it", "embed", "demo-music")
        ]

    plugin = SimpleNamespace(tjepa_commands=tjepa_commands)
    point = SimpleNamespace(name="music", value="music", dist=None, load=lambda: plugin)
    found = catalog.Catalog([point], disabled=())
    monkeypatch.setattr(catalog, "_installed", lambda: found)
    monkeypatch.setitem(sys.modules, __name__, SimpleNamespace(play=play))


@pytest.mark.usefixtures("_plays")
def test_a_plugin_brings_a_verb(capsys):
    assert main(["play-it", "c", "--long"]) == 0
    assert capsys.readouterr().out == "played ['c', '--long']"
    assert main(["play-it"]) == 3
    assert main(["play-it", "wrong"]) == 2
    assert capsys.readouterr().err == "tjepa play-it: no note is called 'wrong'\n"


@pytest.mark.usefixtures("_plays")
def test_the_demo_of_a_plugin_gets_the_options_of_ours(capsys):
    assert main(["demo", "--domain", "music", "--fast", "--seed", "3"]) == 0
    assert capsys.readouterr().out == "played ['--output', 'demo_output', '--seed', '3', '--fast']"
    assert main(["demo", "--domain", "musik"]) == 2
    assert "Did you mean 'demo-music'" in capsys.readouterr().err


@pytest.mark.usefixtures("_plays")
def test_the_verb_of_a_plugin_is_in_the_help_and_among_the_plugins(capsys):
    for verb in ("--help", "plugins"):
        main([verb])
        assert "play-it" in capsys.readouterr().out


@pytest.mark.usefixtures("_plays")
def test_a_plugin_cannot_take_the_name_of_a_verb(capsys):
    assert main(["embed", "daily.csv"]) == 2
    assert "'embed' is brought by tjepa-estimators" in capsys.readouterr().err


def test_columns_of_the_file_that_is_fitted_on_are_matched_by_name(cli, folder, tmp_path):
    daily = pd.read_csv(folder / "daily.csv")
    daily["visits"] = 1000.0 - 3.0 * daily["sales"]
    for name, order in (("one", ["day", "sales", "visits"]), ("other", ["day", "visits", "sales"])):
        daily[order].to_csv(tmp_path / f"{name}.csv", index=False)
    for name in ("one", "other"):
        cli(
            f"detect {{out}}/one.csv --fit {{out}}/{name}.csv --pretrained encoder --detect.window 16 "
            f"--output {{out}}/{name}_scores.csv"
        )
    first, second = (pd.read_csv(tmp_path / f"{name}_scores.csv") for name in ("one", "other"))
    pd.testing.assert_frame_equal(first, second, rtol=1e-4)
