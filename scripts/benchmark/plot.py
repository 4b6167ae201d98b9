"""The ratios as dots, the targets as bars, on a scale where twice is as far as half."""

from __future__ import annotations

from pathlib import Path

from .results import Result

STYLES = {"xai-sdk": ("tab:blue", "o"), "openai": ("tab:orange", "s"), "raw": ("tab:green", "D")}
OTHERS = {"openai's import": "openai", "raw, by line": "raw", "ours, a tenth": "ours, a tenth"}


def plot(results: list[Result], folder: Path) -> None:
    """Write benchmarks.png and benchmarks.svg."""
    if not results:
        return
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "xai-dual"
    import matplotlib.pyplot as pyplot
    from matplotlib.lines import Line2D
    from matplotlib.ticker import FixedLocator, FuncFormatter

    figure, axes = pyplot.subplots(figsize=(10, 1.6 + 0.3 * len(results)))
    used: dict[str, Line2D] = {}
    for row, result in enumerate(results):
        for ratio in result.ratios:
            name = OTHERS.get(ratio.label, ratio.label)
            color, marker = STYLES.get(name, ("tab:purple", "^"))
            hollow = "white" if ratio.label == "raw, by line" else color
            axes.plot([ratio.low, ratio.high], [row, row], color=color, linewidth=3, alpha=0.35, zorder=2)
            dot = Line2D([ratio.median], [row], color=color, marker=marker, linestyle="", markersize=6)
            dot.set_markerfacecolor(hollow)
            dot.set_zorder(3)
            axes.add_line(dot)
            used.setdefault(ratio.label if hollow == "white" else name, dot)
            if ratio.target is not None:
                bar = "red" if not ratio.met else color
                axes.plot([ratio.target] * 2, [row - 0.38, row + 0.38], color=bar, linewidth=2, zorder=1)
    axes.axvline(1, color="0.6", linewidth=1, zorder=0)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator([0.001, 0.003, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10]))
    axes.xaxis.set_minor_locator(FixedLocator([]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_yticks(range(len(results)), [f"{result.name}  ({result.what.split()[0]})" for result in results])
    axes.set_ylim(len(results) - 0.4, -0.6)
    axes.grid(axis="both", color="0.92", zorder=-1)
    axes.set_axisbelow(True)
    axes.tick_params(labeltop=True)
    axes.set_xlabel("cost of xai_dual by that of the other: left is better")
    handles = [*used.values(), Line2D([], [], color="0.3", linewidth=2), Line2D([], [], color="red", linewidth=2)]
    names = [*(f"beside {name}" for name in used), "target, met", "target, missed"]
    figure.legend(handles, names, ncols=4, loc="upper center")
    figure.tight_layout(rect=(0, 0, 1, 1 - 0.6 / figure.get_figheight()))
    figure.savefig(folder / "benchmarks.png", dpi=110)
    figure.savefig(folder / "benchmarks.svg", metadata={"Date": None})
    pyplot.close(figure)
