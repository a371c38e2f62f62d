"""A small Spark cluster on this machine: each executor is a process, as on many machines. It decides nothing."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession  # pyright: ignore[reportMissingImports] - large, and not needed to check types

MEMORY_MB = 1024


def lacking() -> str:
    """Return why there can be no Spark here, or an empty text."""
    if importlib.util.find_spec("pyspark") is None:
        return "pyspark is not installed: pip install 'tactful[spark]'"
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=str(Path(home) / "bin") if home else None)
    if java is None:
        return "there is no Java, which Spark needs: version 17 or 21"
    if subprocess.run([java, "-version"], capture_output=True, check=False).returncode:  # noqa: S603 - the one found
        return "Java does not start"
    return ""


@contextmanager
def cluster(
    executors: int, settings: Mapping[str, str] | None = None, paths: Sequence[Path] = ()
) -> "Iterator[SparkSession]":
    """
    Yield a session on a new cluster, which ends with it.

    Args:
        executors: How many executors of one core there are.
        settings: More settings of Spark.
        paths: Where their Python looks for modules, before where this one does.

    Raises:
        ImportError: If there can be no Spark here.
    """
    if reason := lacking():
        raise ImportError(reason)
    found = importlib.util.find_spec("pyspark")
    os.environ["SPARK_HOME"] = str(Path(str(found and found.origin)).parent)
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    looked = os.pathsep.join([*map(str, paths), *(str(Path(one).resolve()) for one in sys.path if one)])
    os.environ["PYTHONPATH"] = looked
    from pyspark.sql import SparkSession  # noqa: PLC0415 - only where Java is

    made = (
        SparkSession.builder.master(f"local-cluster[{executors},1,{MEMORY_MB}]")
        .appName("tactful")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.executorEnv.PYTHONPATH", looked)
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.log.level", "OFF")
    )
    for name, value in (settings or {}).items():
        made = made.config(name, value)
    session = made.getOrCreate()
    try:
        yield session
    finally:
        session.stop()
