"""Random values for psrpcore to write, the same for the same seed.

What it is known to write wrongly (0.3.1) is not made:
- a lone surrogate from U+D900 to U+DBFF: it becomes a character reference that no XML may have;
- type names and ToString with characters that need an escape: they are written as they are;
- two equal extended primitives: the second becomes a reference to the first, whatever its properties are;
- a list or dictionary that is met twice: it is written twice, and forever if it is in itself;
- TimeSpans whose seconds are 10, 20, 30, 40 or 50 and nothing behind: 10 s is written as 1S;
- years under 1000 where the platform's strftime does not pad them;
- decimals that Python prints with an exponent, and NaN, which it spells NAN;
- a Python float: it becomes a Single;
- ToString of lists, dictionaries and extended primitives, an empty ToString, type names of extended primitives: dropped;
- keys of a dictionary that Python takes for equal (1, 1L, 1.0), or cannot hash (versions, durations, lists).
"""


@ps.PSType(["Contoso.Day"])
class Day(ps.PSEnumBase):
    none = 0
    Monday = 1
    Friday = 5


@ps.PSType(["Contoso.Rights"])
class Rights(ps.PSFlagBase, base_type=ps.PSInt64):
    none = 0
    Read = 1
    Write = 2
    Share = 1 << 40


class Maker:
    PLAIN = "abcXYZ0189 .,-_/&<>\"'äß€語"
    AWKWARD = PLAIN + "_x_X\r\n\t\0\x01\x1f\x7f\x85\u2028\ufeff\ufffd😀𝄞\ud800\ud8ff\udc00\udfff"

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.known = []
        self.unique = 0

    def text(self, alphabet=AWKWARD, least=0):
        units = "".join(self.random.choices(alphabet, k=self.random.randint(least, 12)))
        return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")

    def type_names(self):
        first = self.random.choice(["Contoso.User", "Contoso.Policy", "Contoso.Policy`1[[System.String]]"])
        return [first, "System.Object"]  # A list of names is known by its first one.

    def integer(self, kind):
        if kind is ps.PSChar:
            return kind(self.random.randint(0, 0xFFFF))
        edge = self.random.choice([kind.MinValue, kind.MaxValue, 0, None])
        return kind(self.random.randint(kind.MinValue, kind.MaxValue) if edge is None else edge)

    def single(self):
        while True:
            number = struct.unpack(">f", self.random.randbytes(4))[0]
            if number == number:
                return ps.PSSingle(number)

    def double(self):
        while True:
            number = struct.unpack(">d", self.random.randbytes(8))[0]
            if number == number:
                return ps.PSDouble(self.random.choice([number, round(self.random.uniform(-1e6, 1e6), 2), 0.0, -0.0]))

    def number(self):
        digits = self.random.getrandbits(self.random.randint(1, 96))
        scale = self.random.randint(0, min(28, len(str(digits)) + 5))
        return ps.PSDecimal(decimal.Decimal(((0 if digits == 0 else self.random.randint(0, 1)), tuple(map(int, str(digits))), -scale)))

    def date(self):
        zone = self.random.choice([None, datetime.timezone.utc, "offset"])
        if zone == "offset":
            minutes = self.random.choice([-840, -90, -60, -1, 1, 60, 345, 840])
            zone = datetime.timezone(datetime.timedelta(minutes=minutes))
        rest = {"microsecond": self.random.choice([0, 1, 120000, 999999]), "tzinfo": zone}
        parts = [self.random.randint(1000, 9999), self.random.randint(1, 12), self.random.randint(1, 28),
                 self.random.randint(0, 23), self.random.randint(0, 59), self.random.randint(0, 59)]
        return ps.PSDateTime(*parts, nanosecond=self.random.choice([0, 100, 900]), **rest)

    def duration(self):
        while True:
            ticks = self.random.choice([0, 1, -1, 2**63 - 1, -2**63, self.random.randint(-10**9, 10**9),
                                        self.random.randint(-2**63, 2**63 - 1)])
            if abs(ticks) % 100_000_000 or not abs(ticks) % 600_000_000:
                return ps.PSDuration(nanoseconds=ticks * 100)

    def version(self):
        return ps.PSVersion(".".join(str(self.random.randint(0, 2**31 - 1)) for _ in range(self.random.randint(2, 4))))

    def progress(self):
        return ps.ProgressRecord(
            Activity=self.text(), ActivityId=self.random.randint(-2, 9), StatusDescription=self.text(),
            CurrentOperation=self.random.choice([None, self.text()]), ParentActivityId=self.random.randint(-1, 9),
            PercentComplete=self.random.randint(-1, 100), SecondsRemaining=self.random.randint(-1, 2**31 - 1),
            RecordType=self.random.choice(list(ps.ProgressRecordType)))

    def leaf(self):
        make = self.random.choice([
            lambda: None,
            lambda: self.random.choice([True, False]),
            lambda: self.integer(self.random.choice([kind for kind, _ in INTEGERS])),
            lambda: self.random.randint(-2**31, 2**31 - 1),
            self.single, self.double, self.number, self.date, self.duration, self.version, self.progress,
            lambda: self.text(),
            lambda: ps.PSString(self.text()),
            lambda: ps.PSScriptBlock(self.text()),
            lambda: ps.PSXml(self.text()),
            lambda: ps.PSUri("https://litwareinc.com/" + self.text(alphabet="abc/%20?&=")),
            lambda: self.random.randbytes(self.random.randint(0, 40)),
            lambda: ps.PSGuid(int=self.random.getrandbits(128)),
            lambda: ps.PSSecureString(self.text()),
            lambda: self.random.choice(list(Day)),
            lambda: self.random.choice([Rights.none, Rights.Read, Rights.Read | Rights.Share, Rights.Write]),
        ])
        return make()

    def extended(self, depth):
        """A primitive with properties. No two are equal."""
        self.unique += 1
        kind = self.random.choice([ps.PSString, ps.PSInt, ps.PSInt64, ps.PSDouble, ps.PSScriptBlock, ps.PSDecimal])
        value = kind(f"{self.unique} {self.text()}" if issubclass(kind, str) else self.unique)
        self.properties(value, depth, least=1)
        return value

    def properties(self, value, depth, least=0):
        for group in self.random.sample([value.PSObject.adapted_properties, value.PSObject.extended_properties], k=2):
            names = {self.text(least=1) for _ in range(self.random.randint(least, 3))}
            group.extend(ps.PSNoteProperty(name, self.value(depth + 1)) for name in sorted(names))

    def whole(self, depth):
        value = self.random.choice([ps.PSObject, ps.PSCustomObject])()
        self.known.append(value)
        if isinstance(value, ps.PSCustomObject):
            value.PSObject.type_names = list(ps.PSCustomObject.PSObject.type_names)
        elif self.random.random() < 0.7:
            value.PSObject.type_names = self.type_names()
        if self.random.random() < 0.5:
            value.PSObject.to_string = self.text(alphabet=self.PLAIN.replace("_", ""), least=1)
        self.properties(value, depth)
        return value

    def collection(self, depth):
        items = [self.value(depth + 1) for _ in range(self.random.randint(0, 4))]
        kind = self.random.choice([ps.PSList, ps.PSStack, ps.PSIEnumerable, ps.PSQueue, ps.PSDict])
        value = kind()
        if kind is ps.PSQueue:
            self.known.append(value)
        for place, item in enumerate(items):
            if kind is ps.PSDict:
                value[self.key(place)] = item
            elif kind is ps.PSQueue:
                value.put(item)
            else:
                value.append(item)
        if self.random.random() < 0.3:
            value.PSObject.type_names = [f"Contoso.{kind.__name__}", "System.Object"]
        if self.random.random() < 0.3:
            self.properties(value, depth)
        return value

    def key(self, place):
        return self.random.choice([
            lambda: f"{place} {self.text()}",
            lambda: ps.PSInt(place),
            lambda: ps.PSInt64(2**40 + place),
            lambda: ps.PSChar(1000 + place),
            lambda: ps.PSGuid(int=place),
            lambda: ps.PSDouble(place + 0.5),
            lambda: bytes([place]),
        ])()

    def value(self, depth):
        choice = self.random.random()
        if depth > 3 or choice < 0.35 and depth > 0:
            return self.leaf()
        if choice < 0.42 and self.known:
            return self.random.choice(self.known)
        return self.random.choice([self.whole, self.whole, self.collection, self.extended])(depth)


