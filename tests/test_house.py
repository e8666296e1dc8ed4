"""Rules of the house that import-linter (pyproject.toml) cannot say."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LONGEST_FUNCTION = 70
LONGEST_FILE = 500


def house_files() -> list[Path]:
    """Files that are, or are about to be, in the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file()]


FILES = house_files()
SOURCES = [path for path in FILES if path.suffix == ".py"]
PRODUCT = [path for path in SOURCES if path.relative_to(ROOT).parts[0] != "tests"]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=name(path))


def under(*folders: str) -> list[Path]:
    return [path for path in SOURCES if path.relative_to(ROOT).parts[0] in folders]


def test_pages_stand_in_subfolders() -> None:
    """A Python file directly in pages/ is served by itself, before app.py has run: past any gate in it."""
    assert [name(path) for path in SOURCES if path.parent == ROOT / "pages" and path.name != "__init__.py"] == []


def test_every_folder_of_the_core_is_a_package() -> None:
    """import-linter sees packages alone: a folder without __init__.py would stand outside every contract."""
    folders = {path.parent for path in under("kras_core")}
    assert [name(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def long_functions(module: ast.Module) -> list[str]:
    functions = (node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    lengths = ((node.name, (node.end_lineno or node.lineno) - node.lineno + 1) for node in functions)
    return [f"{function} ({length} lines)" for function, length in lengths if length > LONGEST_FUNCTION]


def test_functions_and_files_are_short() -> None:
    assert {name(path): found for path in PRODUCT if (found := long_functions(tree(path)))} == {}
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in PRODUCT}
    assert {file: length for file, length in lengths.items() if length > LONGEST_FILE} == {}


def swallowing(module: ast.Module) -> Iterator[int]:
    """Lines of handlers that catch everything, or that catch any error and do nothing with it."""
    for node in ast.walk(module):
        if not isinstance(node, ast.ExceptHandler):
            continue
        broad = node.type is None or getattr(node.type, "id", "") in {"Exception", "BaseException"}
        idle = all(isinstance(line, ast.Pass | ast.Continue) or is_ellipsis(line) for line in node.body)
        if node.type is None or (broad and idle):
            yield node.lineno


def is_ellipsis(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) and line.value.value is ...


def test_no_error_is_swallowed() -> None:
    assert {name(path): lines for path in SOURCES if (lines := list(swallowing(tree(path))))} == {}


def test_the_check_for_swallowed_errors_sees_them() -> None:
    swallowed = "try:\n    f()\nexcept Exception:\n    pass\n"
    bare = "try:\n    f()\nexcept:\n    raise\n"
    handled = "try:\n    f()\nexcept ValueError:\n    pass\n"
    assert [list(swallowing(ast.parse(text))) for text in (swallowed, bare, handled)] == [[3], [3], []]


def test_nothing_is_pickled_or_cached_on_disk() -> None:
    """Patients' rows stay in memory."""
    kept = re.compile(
        r"^\s*(?:import|from) (?:pickle|joblib|shelve|dill)\b|persist\s*=\s*(?:True|[\"']disk)", re.MULTILINE
    )
    product = [*under("kras_core", "pages"), *(path for path in SOURCES if path.parent == ROOT)]
    assert [name(path) for path in product if kept.search(path.read_text(encoding="utf-8"))] == []
    assert kept.search("import pickle\n") and kept.search('@st.cache_data(persist="disk")')


def machine_paths(text: str) -> list[str]:
    """Absolute paths that exist on somebody's machine only."""
    homes = "|".join(("home/" + r"\w", "root" + "/", "Users" + "/", "work" + "/", "tmp" + "/"))
    return re.findall(rf"(?:(?<=[\s\"'`(=:])|^)(?:/(?:{homes})|[A-Z]:\\Users)[\w./-]*", text, flags=re.MULTILINE)


def test_no_path_of_one_machine() -> None:
    texts = {".py", ".md", ".toml", ".txt", ".cff", ".csv", ".json", ".R", ".sh", ".yml", ""}
    found = {
        name(path): paths
        for path in FILES
        if path.suffix in texts and (paths := machine_paths(path.read_text(encoding="utf-8", errors="replace")))
    }
    assert found == {}


def test_the_check_for_paths_sees_them() -> None:
    assert machine_paths("open('/" + "home/ann/x.csv')") == ["/" + "home/ann/x.csv"]
    assert machine_paths("see data/home/x and https://example.org/work/x") == []


# What only exports draw with: imported by these folders alone, and these folders inside functions alone, so that
# neither a page nor the server's start waits for it.
ON_EXPORT = {
    "matplotlib": "kras_core/report/journal",
    "pptx": "kras_core/report/slides",
    "kras_core.report.journal": "kras_core/report/journal",
    "kras_core.report.slides": "kras_core/report/slides",
}


def imported_at_once(module: ast.Module) -> Iterator[str]:
    """Modules that importing this one imports: its statements outside of functions."""
    waiting: list[ast.AST] = list(module.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        waiting += ast.iter_child_nodes(node)


def test_what_only_exports_draw_with_is_imported_on_export() -> None:
    found = {
        name(path): export
        for path in [*under("kras_core", "pages"), ROOT / "app.py", ROOT / "asgi.py"]
        for export, home in ON_EXPORT.items()
        if not name(path).startswith(home)
        and any(f"{module}.".startswith(f"{export}.") for module in imported_at_once(tree(path)))
    }
    assert found == {}


def test_the_check_for_imports_sees_them() -> None:
    at_once = "import matplotlib.figure\nif True:\n    from kras_core.report import journal\n"
    later = "def f():\n    import matplotlib\n"
    assert {"matplotlib.figure", "kras_core.report.journal"} <= set(imported_at_once(ast.parse(at_once)))
    assert list(imported_at_once(ast.parse(later))) == []


def test_no_emoji() -> None:
    pictures = re.compile("[\U0001f300-\U0001faff\u2600-\u26ff\u2705\u274c\u2728]")
    shown = [path for path in FILES if path.suffix in {".py", ".md", ".toml"}]
    assert [name(path) for path in shown if pictures.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned(file: str) -> None:
    lines = [line.partition("#")[0].strip() for line in (ROOT / file).read_text(encoding="utf-8").splitlines()]
    pinned = re.compile(r"[\w.\[\]-]+==[\w.]+(; python_version < \"3\.13\")?")
    others = {"", "-r requirements.txt", './tools/ecos_stub; python_version >= "3.13"'}
    assert [line for line in lines if line not in others and not pinned.fullmatch(line)] == []
