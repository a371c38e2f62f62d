"""Wishes: which attributes can hold what a customer stated. It knows no guardrail, and meets no customer."""

from collections.abc import Collection

from tactful import Catalog, PluginError, Sensitivity, Source, ValueType

from .caps import CapSetting


def type_of(catalog: Catalog, where: str, name: str, types: Collection[ValueType], right: str) -> ValueType:
    """
    Return the type of an attribute that can hold a wish.

    Args:
        catalog: The policy's.
        where: What names it, in words.
        name: The attribute.
        types: The types that will do.
        right: What it would be, in words.

    Raises:
        PluginError: If it cannot hold the wish: what limits nothing would look like a limit.
    """
    spec = next((spec for spec in catalog.policy.attributes if spec.name == name), None)
    if spec is None:
        raise PluginError(f"{where}: there is no attribute {name!r}; it would be {right}")
    if spec.type not in types:
        raise PluginError(f"{where}: {name!r} must be {right}, and is {spec.type.value}")
    if not spec.protect:
        raise PluginError(f"{where}: {name!r} must be marked in the schema: protect: true")
    if catalog.sensitivity(name) > Sensitivity.ORDINARY:
        raise PluginError(
            f"{where}: {name!r} is sensitive, and what is left out would tell of it; name an ordinary one"
        )
    return spec.type


def know_wish(name: str, cap: CapSetting, catalog: Catalog) -> None:
    """
    Refuse an attribute that cannot hold how many a customer wants at most.

    Args:
        name: The cap.
        cap: What the policy says of it.
        catalog: The policy's.

    Raises:
        PluginError: If the attribute is none of that kind, or does not say what holds for who states nothing.
    """
    if cap.wish is not None:
        where = f"cap {name!r}: wish"
        type_of(catalog, where, cap.wish, (ValueType.INT,), "an int, so many at most")
        (spec,) = (spec for spec in catalog.policy.attributes if spec.name == cap.wish)
        if spec.source is not Source.STATED:
            raise PluginError(f"{where}: {cap.wish!r} must be stated by the customer, in the schema: source: stated")
        if spec.absent is None:
            raise PluginError(
                f"{where}: {cap.wish!r} must say in the schema what holds for who states nothing: absent: {cap.count}"
            )
