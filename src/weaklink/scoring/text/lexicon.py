"""The English word lists of the scorers, and the stemmer that makes "employees" and "employee" one word."""


def _words(text: str) -> list[str]:
    return text.split()


STOPWORDS = frozenset(
    _words(
        """
    a an the of to in on at for and or but is are was were be been being am it its this that these those as by with
    from has have had having he she they we you i his her their our your yours ours theirs my mine me him us them
    itself yourself themselves which who whom whose will would can could may might shall should do does did done
    doing also than then there here into onto over under about after before more most some any such other so if when
    while s t re ve ll d m what how where why just very too both each every up out off down again only own same all
    during between through per via within upon among across around because since until unless though although
    however yet still even ever else one ones not no nor don't doesn't didn't isn't aren't wasn't weren't can't
    cannot couldn't won't wouldn't shouldn't hasn't haven't hadn't mustn't ain't it's that's there's he's she's
    they're we're you're i'm i've you've we've they've i'd you'd he'd she'd they'd we'd i'll you'll he'll she'll
    they'll we'll let's what's who's please yes ok okay
    """
    )
)
"""Words that carry no topic. Negations are among them: they are looked at apart."""

GERMAN = frozenset(
    _words(
        """
    für mit und ist sind nicht im zum zur vom beim wird werden das dem ein eine einen einem einer auf oder über auch kein
    keine
        """
    )
)
"""Words that tell a German sentence, in which each noun is capitalised, from one in another language."""

PREPOSITIONS = frozenset(
    _words(
        """
    for with without in at on from as per during after before für mit ohne im am an bei ab pour avec en con para
        """
    )
)
"""A clause that begins with one of them leaves out what the one before says: "the card costs 20 euros, for students 10"."""

FOREIGN_STOPWORDS = frozenset(
    _words(
        """
    der das dem den des ein eine einen einem einer eines und oder aber ist sind wird werden wurde wurden hat haben hatte
    für mit von vom zum zur bei beim nach aus auf um über als auch nur noch sich sie ihr ihre ihren ihrem im ins durch bis
    seit wenn dass daß weil wie wann wo wer welche welcher welches dies diese dieser dieses es zu ob
    le la les du un une et ou est sont dans avec sur par ne que qui ce cette ces il elle ils elles nous vous au aux sa ses
    leur leurs quel quelle combien quand où se
    el los las una unos unas es son del al por para con su sus como pero cuánto cuándo dónde cuál qué de
    lo gli uno ed è sono di da nel nella della che het een van zijn voor os um uma são dos nas em com
    """
    )
)
"""The most frequent words of German, French, Spanish, Italian, Dutch and Portuguese that carry no topic and are no English words."""

LIGHT = frozenset(
    _words(
        """
    get gets getting got gotten receive receives received give gives given gave giving grant granted provide
    provides provided providing offer offers offered offering entitle entitled call calls called name named names
    known have make makes made take takes took taken go goes going went come comes came use uses used using include
    includes included including locate located place placed say says said state states stated stating mention
    mentions mentioned describe describes described according based follow following follows certain various able
    available apply applies applied total overall must need needs needed currently handbook context document
    documents passage passages answer utc gmt
    """
    )
)
"""Words that nearly any sentence may add without claiming anything new; they are not counted as unsupported."""

NEGATIONS = frozenset(
    _words(
        """
    not no never none nobody nothing neither nor without cannot unable lack lacks lacking fail fails failed
    unavailable don't doesn't didn't isn't aren't wasn't weren't can't couldn't won't wouldn't shouldn't hasn't
    haven't hadn't mustn't ain't prohibited forbidden nicht nie niemals kein keine keinen keiner keinem ohne pas jamais aucun
    aucune nunca jamás ningún ninguna except excluding excluded exclude excludes
    """
    )
)

_MONTH_NAMES = _words(
    """
    january february march april may june july august september october november december
    """
)
MONTHS: dict[str, int] = {name: number for number, name in enumerate(_MONTH_NAMES, start=1)}
MONTHS.update({name[:3]: number for name, number in list(MONTHS.items()) if name != "may"})
MONTHS["sept"] = 9
AMBIGUOUS_MONTHS = frozenset({"may", "mar", "march", "jan", "dec", "sep"})
"""Month names that are also words; they are months only when written with a capital letter."""

DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
SHORT_DAYS: dict[str, str] = {
    "mon": "monday", "tue": "tuesday", "tues": "tuesday", "wed": "wednesday", "weds": "wednesday", "thu": "thursday",
    "thur": "thursday", "thurs": "thursday", "fri": "friday", "sat": "saturday", "sun": "sunday",
}  # fmt: skip
"""Written with a capital letter; "Sat" and "Sun" only beside another day or a time."""

NUMBER_WORDS: dict[str, int] = {
    word: number
    for number, word in enumerate(
        _words(
            """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty
    """
        )
    )
}
NUMBER_WORDS.update(twice=2, thrice=3)
NUMBER_WORDS.update(dozen=12, dutzend=12, douzaine=12, docena=12)
NUMBER_WORDS.update(thirty=30, forty=40, fifty=50, sixty=60, seventy=70, eighty=80, ninety=90)
NUMBER_WORDS.update(zwei=2, drei=3, vier=4, fünf=5, sechs=6, sieben=7, acht=8, neun=9, zehn=10, zwölf=12, zwanzig=20)
NUMBER_WORDS.update(deux=2, trois=3, quatre=4, cinq=5, huit=8, neuf=9, dix=10, onze=11, douze=12, quinze=15, vingt=20)
NUMBER_WORDS.update(tres=3, cuatro=4, cinco=5, seis=6, siete=7, ocho=8, nueve=9, diez=10, doce=12, quince=15, veinte=20)
"""Beside the English ones those of German, French and Spanish that are no English words ("once", "elf")."""
WITH_HALF: dict[str, float] = {"anderthalb": 1.5, "eineinhalb": 1.5, "zweieinhalb": 2.5, "dreieinhalb": 3.5}
ORDINALS: dict[str, int] = {
    word: number
    for number, word in enumerate(
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"], start=1
    )
    if word != "second"  # "a second look", "30 seconds"
}
MULTIPLIERS: dict[str, float] = {
    "dozen": 12,
    "hundred": 1e2,
    "thousand": 1e3,
    "million": 1e6,
    "billion": 1e9,
    "trillion": 1e12,
}
SHORT_MULTIPLIERS: dict[str, float] = {"k": 1e3, "m": 1e6, "bn": 1e9}
CURRENCIES: dict[str, str] = {
    "$": "$", "usd": "$", "dollar": "$", "dollars": "$", "€": "€", "eur": "€", "euro": "€", "euros": "€",
    "£": "£", "gbp": "£", "pound": "£", "pounds": "£",
    "nok": "kr", "sek": "kr", "dkk": "kr", "krone": "kr", "kroner": "kr", "kronor": "kr", "kronen": "kr", "kr": "kr",
    "chf": "CHF", "franc": "CHF", "francs": "CHF", "franken": "CHF", "jpy": "¥", "yen": "¥", "¥": "¥",
    "inr": "₹", "rupee": "₹", "rupees": "₹", "pln": "zł", "zloty": "zł", "złoty": "zł",
}  # fmt: skip
CENTS = frozenset({"cent", "cents", "ct", "cts", "pence"})
CODES = frozenset({"USD", "EUR", "GBP", "NOK", "SEK", "DKK", "CHF", "JPY", "INR", "PLN"})
"""Currencies that stand before their number, "EUR 2,400", also as the end of a name: "price_eur: 2400"."""
PERCENT = frozenset({"%", "percent", "pct", "prozent"})
DEGREES: dict[str, str] = {"c": "celsius", "f": "fahrenheit"}
"""Letters that stand for a unit after a number and "°"."""
UNITS: dict[str, str] = {
    short: name
    for name, shorts in {
        "second": "s sec secs", "minute": "min mins", "hour": "h hr hrs", "week": "wk wks", "month": "mo mos", "year": "yr yrs",
        "millimetre": "mm millimeter millimeters", "centimetre": "cm centimeter centimeters", "metre": "m meter meters",
        "kilometre": "km kms kilometer kilometers", "foot": "ft feet", "mile": "mi", "milligram": "mg", "gram": "g grams",
        "kilogram": "kg kgs kilo kilos", "tonne": "t ton tons", "ounce": "oz", "litre": "l liter liters", "millilitre": "ml milliliter",
        "kilobyte": "kb", "megabyte": "mb", "gigabyte": "gb", "terabyte": "tb", "watt": "w", "kilowatt": "kw", "volt": "v",
        "ampere": "amp amps", "hertz": "hz", "kilohertz": "khz", "megahertz": "mhz", "gigahertz": "ghz",
    }.items()
    for short in shorts.split()
}  # fmt: skip
"""What a short form right after a number stands for: "20 min", "14 kg"."""
MEASURES = frozenset(
    _words(
        """
    day week month year hour minute second dollar euro pound percent person people employee member time business
    hundred thousand million billion calendar working
    """
    )
)
"""Nouns after which "one" is a number ("one week"), not a pronoun."""
