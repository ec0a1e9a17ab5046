"""psrpcore's values in the canonical form of leaves.rs."""

import base64, datetime, decimal, enum, json, queue, random, struct, sys, traceback, uuid
from xml.etree import ElementTree

import psrpcore
import psrpcore.types as ps
from psrpcore import *
from psrpcore.types import *
from psrpcore.types._primitive import _timedelta_total_nanoseconds
from psrpcore._crypto import PSRemotingCrypto
from psrpcore._payload import PSRPPayload, StreamType

CIPHER = PSRemotingCrypto()
CIPHER.register_key(bytes(range(32)))

LISTS = [(ps.PSStack, "STK"), (ps.PSIEnumerable, "IE"), (ps.PSList, "LST"), (list, "LST")]
INTEGERS = [(ps.PSChar, "C"), (ps.PSByte, "By"), (ps.PSSByte, "SB"), (ps.PSUInt16, "U16"), (ps.PSInt16, "I16"),
            (ps.PSUInt, "U32"), (ps.PSInt, "I32"), (ps.PSUInt64, "U64"), (ps.PSInt64, "I64")]
STRINGS = [(ps.PSUri, "URI"), (ps.PSScriptBlock, "SBK"), (ps.PSXml, "XD"), (str, "S")]


def text(value):
    """A string, or its UTF-16 units where a surrogate stands alone."""
    value = str.__str__(value)
    raw = value.encode("utf-16-le", "surrogatepass")
    try:
        return raw.decode("utf-16-le")
    except UnicodeDecodeError:
        return list(struct.unpack(f"<{len(raw) // 2}H", raw))


def date(value):
    days = datetime.date(value.year, value.month, value.day).toordinal() - 1
    seconds = value.hour * 3600 + value.minute * 60 + value.second
    ticks = ((days * 86400 + seconds) * 1000000 + value.microsecond) * 10 + getattr(value, "nanosecond", 0) // 100
    offset = value.utcoffset()
    return [ticks, None if offset is None else offset // datetime.timedelta(minutes=1)]


def primitive(value):
    """The tag and the text of a value that is no complex object."""
    for kind, tag in INTEGERS:
        if isinstance(value, kind):
            return tag, str(int(value))
    for kind, tag in STRINGS:
        if isinstance(value, kind):
            return tag, text(value)
    if isinstance(value, ps.PSSingle):
        return "Sg", "NaN" if value != value else struct.pack(">f", value).hex()
    if isinstance(value, float):
        return "Db", "NaN" if value != value else struct.pack(">d", value).hex()
    if isinstance(value, decimal.Decimal):
        return "D", format(decimal.Decimal(value), "f")
    if isinstance(value, datetime.datetime):
        return "DT", date(value)
    if isinstance(value, datetime.timedelta):
        return "TS", _timedelta_total_nanoseconds(value) // 100
    if isinstance(value, bytes):
        return "BA", value.hex()
    if isinstance(value, uuid.UUID):
        return "G", str(value)
    if isinstance(value, ps.PSVersion):
        return "Version", str(value)
    if isinstance(value, ps.PSSecureString):
        return "SS", value._value if value._encrypted else CIPHER.encrypt(value._value)
    if isinstance(value, int):
        return "I32", str(value)
    if isinstance(value, ps.ProgressRecord):
        operation = value.CurrentOperation
        return "PR", [text(value.Activity), int(value.ActivityId), None if operation is None else text(operation),
                      int(value.ParentActivityId), int(value.PercentComplete), value.RecordType.name,
                      int(value.SecondsRemaining), text(value.StatusDescription)]
    return None


class Walk:
    """`read` is for what psrpcore read: it puts `Deserialized.` before the names of a type that it does not know."""

    def __init__(self, read):
        self.read = read
        self.seen = {}

    def node(self, value):
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, enum.Enum):
            return self.seen_before(value) or self.enumeration(value)
        found = primitive(value)
        meta = getattr(value, "PSObject", None)
        types = self.types(value, meta)
        if found and (meta is None or not (types or meta._to_string is not None or self.is_extended(value, meta))):
            return {"k": found[0], "v": found[1]}
        return self.seen_before(value) or self.whole(value, meta, types, found)

    def is_extended(self, value, meta):
        own = 8 if isinstance(value, ps.ProgressRecord) else 0
        return len(meta.adapted_properties) > own or bool(meta.extended_properties)

    def seen_before(self, value):
        if id(value) in self.seen:
            return {"ref": self.seen[id(value)]}
        self.seen[id(value)] = len(self.seen)
        return None

    def enumeration(self, value):
        tag, number = primitive(value.value)
        if isinstance(value, enum.Flag):
            parts = [part for part in type(value) if part.value and part in value] or [value]
        else:
            parts = [value]
        names = ", ".join("None" if part.name == "none" else part.name for part in parts)
        return {"k": tag, "v": number, "t": list(value.PSObject.type_names), "s": names}

    def types(self, value, meta):
        if meta is None:
            return []
        names = list(meta.type_names)
        if type(value) not in (ps.PSObject, ps.PSCustomObject) and names == type(value).PSObject.type_names:
            return []
        if self.read:
            names = [name[13:] if name.startswith("Deserialized.") else name for name in names]
        return [text(name) for name in names]

    def whole(self, value, meta, types, found):
        if found:
            json = {"k": found[0], "v": found[1]}
        elif isinstance(value, queue.Queue):
            json = {"k": "QUE", "v": [self.node(item) for item in list(value.queue)]}
        elif isinstance(value, dict):
            json = {"k": "DCT", "v": [[self.node(key), self.node(item)] for key, item in value.items()]}
        elif isinstance(value, list):
            tag = next(tag for kind, tag in LISTS if isinstance(value, kind))
            json = {"k": tag, "v": [self.node(item) for item in list.__iter__(value)]}
        else:
            json = {"k": "Obj"}
        if types:
            json["t"] = types
        if meta is not None and meta._to_string is not None:
            json["s"] = text(meta._to_string)
        for key, properties in (("a", meta.adapted_properties), ("x", meta.extended_properties)) if meta else ():
            if properties:
                json[key] = [[text(own.name), self.node(own.get_value(value))] for own in properties]
        return json


