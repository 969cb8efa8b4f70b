"""A zip that is sent while it is made: whole, and never more than a block ahead."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from lungcore.web.zipping import BLOCK_BYTES, zipped


def test_files_come_back_in_blocks_that_fit_the_memory(tmp_path: Path) -> None:
    contents = [np.random.default_rng(n).bytes(size) for n, size in enumerate((3_500_000, 0, 7))]
    files = []
    for number, content in enumerate(contents):
        path = tmp_path / str(number)
        path.write_bytes(content)
        files.append((f"{number}.dcm", path))
    blocks = list(zipped(files))
    assert max(map(len, blocks)) < BLOCK_BYTES + 1000
    with zipfile.ZipFile(io.BytesIO(b"".join(blocks))) as archive:
        assert archive.testzip() is None
        assert [archive.read(name) for name, _ in files] == contents


def test_a_file_that_is_gone_ends_the_zip(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(zipped([("gone.dcm", tmp_path / "gone")]))
