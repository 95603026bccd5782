"""The recipes that are installed, and the names by which they are asked for."""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, entry_points, version
from importlib.util import find_spec
from typing import NamedTuple

from weaklink.bench.data import Value
from weaklink.bench.direct import DIRECT
from weaklink.bench.plan import meant
from weaklink.bench.store import Recipe
from weaklink.errors import WeaklinkError

GROUP = "weaklink.vector_stores"
FRAMEWORKS = ("langchain", "llama_index", "none")


class UnknownStore(WeaklinkError):
    """You named a store, framework or parameter that no installed package knows."""


class Contender(NamedTuple):
    """A recipe with its parameters, under the name that stands in the report."""

    label: str
    recipe: Recipe
    parameters: Mapping[str, Value]

    @property
    def built_with(self) -> tuple[tuple[str, Value], ...]:
        """What two contenders must share so that one filled store serves both."""
        return tuple(sorted((name, value) for name, value in self.parameters.items() if name not in self.recipe.search))


def find_recipes(*frameworks: str) -> dict[str, Recipe]:
    """All installed recipes by full name ("langchain.chroma"), or those of some frameworks, which alone are then imported.

    Those of a framework that is not installed are left out.
    """
    found = {recipe.full_name: recipe for recipe in DIRECT}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        if frameworks and point.name.partition(".")[0] not in frameworks:
            continue
        try:
            recipe: Recipe = point.load()
        except ImportError:  # the integration is there, its framework is not
            continue
        found[recipe.full_name] = recipe
    return found


def find_recipe(full_name: str) -> Recipe:
    """The recipe of this full name, without loading those of other stores; raises UnknownStore."""
    for recipe in DIRECT:
        if recipe.full_name == full_name:
            return recipe
    for point in entry_points(group=GROUP, name=full_name):
        return point.load()
    raise UnknownStore(_unknown(full_name, None, find_recipes()))


def missing_packages(recipe: Recipe) -> tuple[str, ...]:
    """The packages without which the recipe cannot run; empty where nothing is missing."""
    return recipe.needs if any(not _is_there(module) for module in recipe.modules) else ()


def pip_line(packages: Sequence[str]) -> str:
    """What to type, safe in a shell."""
    return f"pip install {shlex.join(packages)}"


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def versions_of(recipe: Recipe) -> dict[str, str]:
    """The installed versions of the packages that a recipe uses, and of its framework."""
    names = [
        *(need.partition("==")[0].partition("[")[0] for need in recipe.needs),
        *_FRAMEWORK_PACKAGES.get(recipe.framework, ()),
    ]
    found: dict[str, str] = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


_FRAMEWORK_PACKAGES = {"langchain": ("langchain-core",), "llama_index": ("llama-index-core",)}


def choose(
    names: Sequence[str],
    framework: str | None,
    settings: Mapping[str, Mapping[str, Sequence[Value]]],
    *,
    sweep: bool = False,
) -> list[Contender]:
    """The contenders for names such as "chroma", "llama_index.chroma" or "all"; "faiss" is all of "faiss-flat", "faiss-hnsw", ...

    `framework` is "langchain", "llama_index", "none" or "all"; None takes the first that has a recipe of the name.
    `settings` holds values of parameters by name of the store; of several values each is tried, in all combinations.
    Raises UnknownStore with the names that there are.
    """
    recipes = find_recipes()
    if framework not in (None, "all", *FRAMEWORKS):
        raise UnknownStore(f"there is no framework {framework!r}; {meant(str(framework), (*FRAMEWORKS, 'all'))}")
    chosen = list(dict.fromkeys(itertools.chain.from_iterable(_named(name, framework, recipes) for name in names)))
    _check(settings, chosen, recipes)
    return [contender for name in chosen for contender in _variants(recipes[name], settings, sweep=sweep)]


def _named(name: str, framework: str | None, recipes: Mapping[str, Recipe]) -> list[str]:
    wanted = FRAMEWORKS if framework in (None, "all") else (framework, "none")
    if name == "all":
        found = [full for full, recipe in recipes.items() if recipe.framework in wanted]
        return found if framework == "all" else _first_of_each(found, recipes)
    if name in recipes and "." in name:
        return [name]
    found = [
        full for side in wanted for full, recipe in recipes.items() if recipe.name == name and recipe.framework == side
    ]
    if not found:
        family = dict.fromkeys(recipe.name for recipe in recipes.values() if recipe.name.startswith(f"{name}-"))
        if not family:
            raise UnknownStore(_unknown(name, framework, recipes))
        return [full for each in family for full in _named(each, framework, recipes)]
    return found if framework == "all" else found[:1]


def _first_of_each(found: Iterable[str], recipes: Mapping[str, Recipe]) -> list[str]:
    by_name: dict[str, str] = {}
    for full in sorted(found, key=lambda full: FRAMEWORKS.index(recipes[full].framework)):
        by_name.setdefault(recipes[full].name, full)
    return list(by_name.values())


def _unknown(name: str, framework: str | None, recipes: Mapping[str, Recipe]) -> str:
    where = f" in {framework}" if framework and framework != "all" else ""
    known = meant(name, [recipe.name for recipe in recipes.values()])
    return f"there is no store {name!r}{where}; {known}, and all (weaklink bench --list says more)"


def _check(
    settings: Mapping[str, Mapping[str, Sequence[Value]]], chosen: Sequence[str], recipes: Mapping[str, Recipe]
) -> None:
    for store, values in settings.items():
        known = [recipes[name] for name in chosen if store in (name, recipes[name].name)]
        if not known:
            raise UnknownStore(
                f"a parameter is set for {store!r}, which is not among the stores chosen: {', '.join(chosen)}"
            )
        for name in values:
            if not any(name in {**recipe.build, **recipe.search} for recipe in known):
                there = {**known[0].build, **known[0].search}
                which = meant(name, there) if there else "it has none"
                raise UnknownStore(f"{store} has no parameter {name!r}; {which}")


def check_urls(urls: Mapping[str, str], chosen: Sequence[Contender]) -> None:
    """Raise UnknownStore where a server is named for a store that is not chosen, or that has none."""
    can = dict.fromkeys(name for c in chosen if c.recipe.url for name in (c.recipe.name, c.recipe.full_name))
    for name in urls:
        if name not in can:
            which = meant(name, can) if can else "none of those chosen does"
            raise UnknownStore(f"a URL is given for {name!r}, which is no chosen store that uses one; {which}")


def _variants(recipe: Recipe, settings: Mapping[str, Mapping[str, Sequence[Value]]], *, sweep: bool) -> list[Contender]:
    defaults = {**recipe.build, **recipe.search}
    given = {**settings.get(recipe.name, {}), **settings.get(recipe.full_name, {})}
    tried: dict[str, Sequence[Value]] = {**(recipe.sweep if sweep else {}), **given}
    tried = {name: values for name, values in tried.items() if name in defaults}
    made: list[Contender] = []
    for values in itertools.product(*tried.values()):
        changed = dict(zip(tried, values, strict=True))
        label = " ".join([recipe.full_name, *(f"{name}={value}" for name, value in changed.items())])
        made.append(Contender(label, recipe, {**defaults, **changed}))
    return made
