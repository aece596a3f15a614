"""Outline: mark what you want, look at the preview, keep it or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QLabel, QLineEdit, QSizePolicy, QWidget

from napari_medssl._napari.keys import KEYS
from napari_medssl._napari.panels.progress_row import ProgressRow
from napari_medssl._napari.panels.section import Section, button, side_by_side

if TYPE_CHECKING:
    from qtpy.QtWidgets import QPushButton

_TOOLS = {
    "point": ("+ Point", "Click inside what you want to outline; with Shift, what to leave out"),
    "not-point": ("\N{MINUS SIGN} Point", "Click what the outline should leave out"),
    "box": ("Box", "Drag a box around what you want to outline"),
    "scribble": ("Scribble", "Draw a line through what you want; with Shift, through what not"),
    "lasso": ("Lasso", "Draw around what you want: its box and its middle are the marks"),
}
_BACK = f"{KEYS['undo-prompt']} takes back the last mark"
_OTHER = (
    "Show what else the point may mean, as a part or the whole of it. "
    f"{KEYS['undo-prompt']} goes back"
)
_IN_ROW = 3
_THROUGH = (
    "Follow what is outlined from slice to slice until it ends; mark further slices where it goes "
    "wrong"
)


class OutlineSection(Section):
    """Prompt tools, Keep and Discard."""

    tool_chosen = Signal(str)
    keep_asked = Signal()
    discard_asked = Signal()
    other_asked = Signal()
    grow_asked = Signal()
    stop_asked = Signal()
    all_planes_chosen = Signal(bool)
    network_chosen = Signal(bool)
    server_chosen = Signal(str)
    everything_asked = Signal()
    new_each_chosen = Signal(bool)
    drop_asked = Signal()

    def __init__(self, engine: QWidget) -> None:
        super().__init__("4  Outline")
        self.body.addWidget(engine)
        self._tools: dict[str, QPushButton] = {}
        for tool, (text, tip) in _TOOLS.items():
            made = button(f"{text}  [{KEYS[tool]}]", f"{tip}. {_BACK}", checkable=True)
            made.clicked.connect(lambda on, t=tool: self.tool_chosen.emit(t if on else "look"))
            self._tools[tool] = made
        tools = list(self._tools.values())
        self.add_row(*tools[:_IN_ROW])
        self.add_row(*tools[_IN_ROW:])
        kept = f"Put the preview into the mask. {KEYS['undo']} takes the whole object back at once"
        self._keep = button(f"Keep  [{KEYS['keep']}]", kept)
        self._discard = button(f"Discard  [{KEYS['discard']}]", "Throw the preview away")
        self._other = button(f"Other  [{KEYS['other']}]", _OTHER)
        self._keep.setStyleSheet(
            "QPushButton { padding: 4px 2px; } QPushButton:enabled "
            "{ background-color: #2f8f4e; color: white; font-weight: bold; }"
        )
        self._keep.clicked.connect(self.keep_asked)
        self._discard.clicked.connect(self.discard_asked)
        self._other.clicked.connect(self.other_asked)
        self.add_row(self._keep, self._discard, self._other)
        self._add_growing()
        self._add_everything()
        self.allow_keep(False)
        self.allow_discard(False)
        self.allow_other(False)

    def show_tool(self, tool: str) -> None:
        """Press the button of the tool in use."""
        for name, made in self._tools.items():
            made.setChecked(name == tool)

    def show_objects(self, waiting: int, *, looking: bool) -> None:
        """Say how many objects can be clicked, or that they are looked for; else say nothing."""
        self._objects.setVisible(looking or waiting > 0)
        self._waiting.setText("Looking…" if looking else f"{waiting} to click")
        self._drop.setText("Stop" if looking else "Drop rest  [Esc]")
        self._new_each.setVisible(not looking)

    def allow_keep(self, allowed: bool) -> None:
        """Whether there is an outline to keep."""
        self._keep.setEnabled(allowed)
        self._through.setEnabled(allowed)

    def show_growing(self, words: str) -> None:
        """Say how far it is, beside a stop; empty when nothing grows."""
        self._far.setVisible(bool(words))
        if words:
            self._far.show_far(words, 0, 0)

    def allow_discard(self, allowed: bool) -> None:
        """Whether there is a point or a box to throw away."""
        self._discard.setEnabled(allowed)

    def allow_other(self, allowed: bool) -> None:
        """Whether the points on this slice may mean something else."""
        self._other.setEnabled(allowed)

    def _add_growing(self) -> None:
        self._through = button(f"Through the volume  [{KEYS['through']}]", _THROUGH)
        self._through.clicked.connect(self.grow_asked)
        more = button("…", "In which planes it is looked for, and by what", checkable=True)
        more.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.add_row(self._through, more)
        planes = QCheckBox("Look in all three planes")
        planes.setToolTip("Three times as slow; what two of three planes show is kept")
        planes.toggled.connect(self.all_planes_chosen)
        network = QCheckBox("Ask the network on every slice")
        network.setToolTip(
            "Much slower; for tumours and other things as grey as what is beside them"
        )
        network.toggled.connect(self.network_chosen)
        self._server = server = QLineEdit()
        server.setPlaceholderText("Server of nnInteractive: none")
        server.setToolTip(
            "As https://gpu-box:1527. It then follows the outlines through the volume. The image "
            "is sent there: use https, or a network that you trust. The published weights are for "
            "non-commercial use."
        )
        server.textChanged.connect(self._take_server)
        for part in (planes, network, server):
            part.setVisible(False)
            more.toggled.connect(part.setVisible)
            self.body.addWidget(part)
        for box in (planes, network):  # ways of this computer's
            server.textChanged.connect(lambda text, box=box: box.setEnabled(not text.strip()))
        # an address stays in sight: while there is one, images leave this computer
        more.toggled.connect(lambda on: server.setVisible(on or bool(server.text().strip())))
        self._far = ProgressRow("Ends after the slice in hand; what was found can be kept")
        self._far.stop_asked.connect(self.stop_asked)
        self.body.addWidget(self._far)

    def _take_server(self, text: str) -> None:
        """Tell at once: a button of ours takes no focus, so this field would keep it for itself."""
        address = text.strip()
        sends = f"Send the image to {address}, which follows what is outlined through the volume"
        self._through.setToolTip(sends if address else _THROUGH)
        self.server_chosen.emit(address)

    def _add_everything(self) -> None:
        every = button(
            "Outline everything on this slice", "Then one click keeps each thing that is wanted"
        )
        every.clicked.connect(self.everything_asked)
        self.body.addWidget(every)
        self._waiting = QLabel()
        self._new_each = new = QCheckBox("New label each")
        new.setToolTip("Each click makes a label of its own; off: all become the label in use")
        new.toggled.connect(self.new_each_chosen)
        self._drop = drop = button("Drop rest  [Esc]", "Take away what was not kept")
        drop.clicked.connect(self.drop_asked)
        self._objects = QWidget()
        row = side_by_side(self._waiting, new, drop)
        self._objects.setLayout(row)
        self.body.addWidget(self._objects)
        self.show_objects(0, looking=False)
