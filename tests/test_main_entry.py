"""The way in: Ctrl-C is quiet from the first moment on."""

import sys

import pytest

import satsurvey.__main__ as entry


def test_an_interruption_while_the_command_line_loads_is_exit_130(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted:
        def __getattr__(self, name: str) -> object:
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "satsurvey.cli.main", Interrupted())
    with pytest.raises(SystemExit) as ended:
        entry.run()
    assert ended.value.code == 130
