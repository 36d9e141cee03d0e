"""What a call asks of a plan, made ready: the program to run, and what is fed to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from graphspec.engines.base import Array, Feeds, Tap
from graphspec.engines.feeds import read_feeds, soft_labels
from graphspec.engines.numpy.first_conv import first_convs
from graphspec.engines.numpy.in_parts import in_parts
from graphspec.engines.numpy.program import Computes, Program, make_program
from graphspec.engines.numpy.winograd import faster_than_layers
from graphspec.errors import EngineError
from graphspec.plan import Plan


class Calls:
    """The programs of a plan, each made once, and the reading of feeds.

    ``faster`` are what computes some layers in their place, by id.
    """

    def __init__(self, plan: Plan, dtype: np.dtype[Any], *, accurate: bool = False) -> None:
        self.plan, self.dtype = plan, dtype
        # For float32 only: the float64 engine is the oracle of all others.
        self.faster: Mapping[str, Computes] = {}
        if dtype == np.float32:
            self.faster = {**in_parts(plan), **first_convs(plan)}
            if not accurate:
                self.faster = {**self.faster, **faster_than_layers(plan)}
        self._soft = soft_labels(plan)
        self._programs: dict[Any, Program] = {}

    def running(self, outputs: Sequence[str] | None, taps: Sequence[Tap]) -> Program:
        """What computes some outputs (None: those of the plan).

        Raises:
            SpecError: an output or tap is not in the plan.
            EngineError: a gradient is tapped.
        """
        for tap in taps:
            if tap.what == "grad":
                raise EngineError(
                    f"a run computes no gradients, but {tap.node!r}'s is tapped: call grad"
                )
        wanted = self.plan.outputs if outputs is None else tuple(outputs)
        return self._program(wanted, taps, losses=(), tapped=(), train=False)

    def learning(
        self, taps: Sequence[Tap], *, tapped: Sequence[str] = (), train: bool = True
    ) -> Program:
        """What computes the losses and their gradients: of parameters, for ``train``.

        Raises:
            SpecError: a tap is not in the plan.
            EngineError: the plan has no loss, or the gradient of a label is tapped.
        """
        outputs, losses = self.plan.outputs, self.losses()
        return self._program(outputs, taps, losses=losses, tapped=tapped, train=train)

    def _program(
        self,
        outputs: Sequence[str],
        taps: Sequence[Tap],
        *,
        losses: Sequence[str],
        tapped: Sequence[str],
        train: bool,
    ) -> Program:
        key = (tuple(outputs), tuple(taps), tuple(losses), tuple(tapped), train)
        program = self._programs.get(key)
        if program is None:
            values = [tap.node for tap in taps if tap.what == "value"]
            gradients = [tap.node for tap in taps if tap.what == "grad"]
            for name in gradients:
                if name in self.plan.inputs and self.plan.inputs[name].dtype == "int":
                    raise EngineError(f"{name!r} is a label: it has no gradient to tap")
            program = self._programs[key] = make_program(
                self.plan,
                dict.fromkeys([*outputs, *values]),
                losses=losses,
                tapped=dict.fromkeys([*tapped, *gradients]),
                train=train,
                faster=self.faster,
            )
        return program

    def losses(self) -> tuple[str, ...]:
        """The losses that are trained by.

        Raises:
            EngineError: there is none.
        """
        if not self.plan.losses:
            raise EngineError(
                "there is no loss to take gradients of: add a loss layer (softmax_loss, "
                "hinge_loss, l2_loss), or compile the graph with its losses among the outputs"
            )
        return self.plan.losses

    def asked(self, wrt: str) -> list[str]:
        """The inputs whose gradient is asked for."""
        return [
            name
            for name, tensor in self.plan.inputs.items()
            if wrt == "inputs" and tensor.dtype == "float"
        ]

    def read(self, feeds: Feeds, program: Program) -> dict[str, Array]:
        """The arrays that a program reads.

        Raises:
            FeedError: an input is missing, unknown, empty, or of the wrong shape or type.
        """
        known = self.plan.spec.input_by_id
        return read_feeds(feeds, program.inputs, known, self.dtype, self._soft)

    def zeros(self, name: str, batch: int) -> Array:
        """The gradient of a value that no loss depends on."""
        inputs, nodes = self.plan.inputs, self.plan.by_id
        tensor = inputs[name] if name in inputs else nodes[name].output
        return np.zeros((batch, *tensor.shape), self.dtype)
