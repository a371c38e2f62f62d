"""An OpenFeature provider over an edge: the calls of the OpenFeature SDK become decisions. It decides nothing itself.

The extra `openfeature` brings the SDK. docs/openfeature.md says what a flag is.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Final, TypeVar, cast

import tactful

try:
    from openfeature.evaluation_context import EvaluationContext
    from openfeature.event import ProviderEventDetails
    from openfeature.exception import (
        FlagNotFoundError,
        InvalidContextError,
        ProviderFatalError,
        ProviderNotReadyError,
        TypeMismatchError,
    )
    from openfeature.flag_evaluation import FlagResolutionDetails, FlagValueType, Reason
    from openfeature.provider import AbstractProvider, Metadata
    from openfeature.track import TrackingEventDetails
except ImportError as error:
    raise tactful.ExtraMissing("the OpenFeature provider", "openfeature") from error

from .flags import IDENTIFIERS, TARGETING_KEY, Flags, NoFlag, OtherType, Who

_log = logging.getLogger("tactful")
_KEY_MAX: Final = 200
_Value = TypeVar("_Value")
_TOKEN: Final = "tactful.token"  # noqa: S105 - a name


class TactfulProvider(AbstractProvider):
    """
    Answers OpenFeature's questions by an edge: placements and offers are flags.

    The targeting key is the customer's id; a mapping `identifiers` in the context stands in for it. A context's `view`
    makes all flags of one page view agree, and takes room under the caps.

    Args:
        edge: What decides; the provider does not close it.
        deadline_s: So long a call may wait until a customer is here [s]; 0 waits for nothing, and what is not known
            yet bounds the answer.
    """

    def __init__(self, edge: tactful.Edge, *, deadline_s: float = 0.0) -> None:
        super().__init__()
        self._flags = Flags(edge)
        self._deadline_s = deadline_s
        self._plan = edge.plan
        self._stale = False

    def get_metadata(self) -> Metadata:
        """Return the provider's name."""
        return Metadata(name="tactful")

    def initialize(self, evaluation_context: EvaluationContext) -> None:  # noqa: ARG002 - OpenFeature's signature
        """
        Make sure that the edge can decide.

        Raises:
            ProviderFatalError: If the edge is closed.
        """
        if self._flags.edge.closed:
            raise ProviderFatalError("the edge is closed; open another one")

    def refresh(self) -> None:
        """
        Say what has changed: PROVIDER_CONFIGURATION_CHANGED after an update, PROVIDER_STALE once the bundle is too old.

        Each evaluation does it in passing; call it now and then where none comes.
        """
        edge = self._flags.edge
        if (plan := edge.plan) is not self._plan:
            before, self._plan = self._plan, plan
            keys = sorted({*before.placements, *plan.placements})
            self.emit_provider_configuration_changed(ProviderEventDetails(flags_changed=keys))
        stale = edge.plan.until_us <= self._flags.now_us
        if stale is not self._stale:
            self._stale = stale
            (self.emit_provider_stale if stale else self.emit_provider_ready)(ProviderEventDetails())

    def resolve_boolean_details(
        self,
        flag_key: str,
        default_value: bool,  # noqa: FBT001 - OpenFeature's signature
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[bool]:
        """Return whether something is shown, or the truth that a treatment says."""
        return self._resolve("boolean", flag_key, default_value, evaluation_context)

    def resolve_string_details(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        """Return the offer in a placement, the treatment of an offer, or the text that a treatment says."""
        return self._resolve("string", flag_key, default_value, evaluation_context)

    def resolve_integer_details(
        self, flag_key: str, default_value: int, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[int]:
        """Return the whole number that a treatment says."""
        return self._resolve("integer", flag_key, default_value, evaluation_context)

    def resolve_float_details(
        self, flag_key: str, default_value: float, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[float]:
        """Return the number that a treatment says."""
        return self._resolve("float", flag_key, default_value, evaluation_context)

    def resolve_object_details(
        self,
        flag_key: str,
        default_value: Sequence[FlagValueType] | Mapping[str, FlagValueType],
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[Sequence[FlagValueType] | Mapping[str, FlagValueType]]:
        """Return what fills a placement, slot by slot, or the object that a treatment says."""
        return self._resolve("object", flag_key, default_value, evaluation_context)

    async def resolve_boolean_details_async(
        self,
        flag_key: str,
        default_value: bool,  # noqa: FBT001 - OpenFeature's signature
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[bool]:
        """Likewise, without holding up the event loop."""
        return await self._aresolve("boolean", flag_key, default_value, evaluation_context)

    async def resolve_string_details_async(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        """Likewise, without holding up the event loop."""
        return await self._aresolve("string", flag_key, default_value, evaluation_context)

    async def resolve_integer_details_async(
        self, flag_key: str, default_value: int, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[int]:
        """Likewise, without holding up the event loop."""
        return await self._aresolve("integer", flag_key, default_value, evaluation_context)

    async def resolve_float_details_async(
        self, flag_key: str, default_value: float, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[float]:
        """Likewise, without holding up the event loop."""
        return await self._aresolve("float", flag_key, default_value, evaluation_context)

    async def resolve_object_details_async(
        self,
        flag_key: str,
        default_value: Sequence[FlagValueType] | Mapping[str, FlagValueType],
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[Sequence[FlagValueType] | Mapping[str, FlagValueType]]:
        """Likewise, without holding up the event loop."""
        return await self._aresolve("object", flag_key, default_value, evaluation_context)

    def track(
        self,
        tracking_event_name: str,
        evaluation_context: EvaluationContext | None = None,
        tracking_event_details: TrackingEventDetails | None = None,
    ) -> None:
        """
        Record what became of a flag, by the token in its metadata, or what a customer did apart from any.

        Without a token the targeting key says who did it, and `topic`, `offer`, `channel` and `id` among the details
        say more. What cannot be recorded is logged by its kind, and nothing is raised: OpenFeature's callers expect it.
        """
        more = {} if tracking_event_details is None else tracking_event_details.attributes
        token, edge = more.get(_TOKEN), self._flags.edge
        try:
            if isinstance(token, str):
                slot = more.get("slot")
                edge.record(token, tracking_event_name, slot=slot if type(slot) is int else None)
            else:
                edge.observe(_who(evaluation_context), tracking_event_name, **_told(more))
        except Exception as error:  # noqa: BLE001 - tracking never breaks a page
            _log.warning("tracking failed: %s", type(error).__name__)

    def _resolve(
        self, type_: str, key: str, default: _Value, context: EvaluationContext | None
    ) -> FlagResolutionDetails[_Value]:
        who = _who(context)
        if self._deadline_s and who is not None:
            self._flags.edge.warm(who, deadline_s=self._deadline_s)
        return self._answer(type_, key, default, who, context)

    async def _aresolve(
        self, type_: str, key: str, default: _Value, context: EvaluationContext | None
    ) -> FlagResolutionDetails[_Value]:
        who = _who(context)
        if self._deadline_s and who is not None:
            await self._flags.edge.awarm(who, deadline_s=self._deadline_s)
        return self._answer(type_, key, default, who, context)

    def _answer(
        self, type_: str, key: str, default: _Value, who: Who, context: EvaluationContext | None
    ) -> FlagResolutionDetails[_Value]:
        if self._flags.edge.closed:
            raise ProviderNotReadyError("the edge is closed; open another one")
        attributes: dict[str, object] = {} if context is None else {**context.attributes}
        if context is not None and context.targeting_key:
            attributes[TARGETING_KEY] = context.targeting_key
        try:
            flag = self._flags.evaluate(key, type_, who, attributes)
        except NoFlag:
            raise FlagNotFoundError(f"no placement and no offer in one is called {key[:_KEY_MAX]!r}") from None
        except OtherType:
            raise TypeMismatchError(f"the flag {key[:_KEY_MAX]!r} is no {type_}") from None
        self.refresh()
        value = default if flag.value is None else cast("_Value", flag.value)  # of the type that was asked for
        return FlagResolutionDetails(
            value, reason=Reason(flag.reason), variant=flag.variant or None, flag_metadata=flag.metadata
        )


def _who(context: EvaluationContext | None) -> Who:
    """
    Return who is meant.

    Raises:
        InvalidContextError: If the targeting key is no text, or the identifiers are no texts by name.
    """
    if context is None:
        return None
    named: object = context.attributes.get(IDENTIFIERS)
    if named is not None:
        if not isinstance(named, Mapping) or not all(isinstance(one, str) for pair in named.items() for one in pair):
            raise InvalidContextError("identifiers must be texts by name")
        return {str(name): str(value) for name, value in named.items()}
    if context.targeting_key is not None and not isinstance(context.targeting_key, str):
        raise InvalidContextError("the targeting key must be a text")
    return context.targeting_key or None


def _told(more: Mapping[str, object]) -> dict[str, str]:
    return {name: value for name in ("topic", "offer", "channel", "id") if isinstance(value := more.get(name), str)}
