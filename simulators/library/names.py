"""Invented, harmless words for a simulated library: nature films, harbour walks, cooking, concerts.

They are chosen for what breaks software: accents in composed and decomposed form, other
scripts, emoji, and the characters that separate lists or escape URLs (comma, percent, plus).
Everything is drawn from the caller's random source, so that one seed gives one library.
"""

from __future__ import annotations

import random
import unicodedata

ADJECTIVES = (
    "Quiet", "Late", "Golden", "Windy", "First", "Slow", "Northern", "Blue", "Early", "Hidden",
    "Warm", "Long", "Silver", "Rainy", "Bright", "Old", "Little", "Distant", "Open", "Gentle",
)  # fmt: skip
SUBJECTS = (
    "Harbour Walk", "Night Market", "Bread Workshop", "Choir Rehearsal", "Heron Watch",
    "String Quartet", "Lighthouse Tour", "Soup Kitchen", "Tide Pools", "Forest Floor",
    "Jazz Evening", "Ferry Crossing", "Apple Harvest", "Bell Tower", "Snow Geese",
    "Pottery Class", "Tram Ride", "Cheese Cellar", "Whale Song", "Garden Concert",
)  # fmt: skip
PLACES = (
    "Lisbon", "Tromsø", "Kraków", "Galway", "Ljubljana", "Malmö", "Gdańsk", "Trieste", "Bergen",
    "Porto", "Tallinn", "Kyoto", "Oaxaca", "Valparaíso", "Hobart", "Québec", "Zürich", "Brno",
)  # fmt: skip
FIRST_NAMES = (
    "Ana", "Boris", "Cleo", "Dario", "Elin", "Femke", "Goran", "Hana", "Ivo", "Jana", "Kenji",
    "Lena", "Marek", "Noor", "Otis", "Petra", "Quirin", "Rosa", "Søren", "Tariq", "Uma", "Vera",
    "Wanda", "Xenia", "Yusuf", "Zora", "Agnès", "Björn", "Chloë", "Dörte", "Émile", "Fionn",
    "Gülay", "Håkon", "Inês", "José", "Łucja", "Mátyás", "Núria", "Øystein", "Renée", "Šárka",
    "Thaïs", "Wołodar", "Zoë", "Çağan",
)  # fmt: skip
LAST_NAMES = (
    "Alder", "Birch", "Cove", "Dune", "Ember", "Fjord", "Grove", "Heath", "Isle", "Juniper",
    "Kestrel", "Lind", "Marsh", "North", "Orchard", "Pine", "Quarry", "Reed", "Stone", "Thorn",
    "Umber", "Vale", "Willow", "Yarrow", "Zephyr", "Müller", "Žižka", "Ångström", "Béranger",
    "Čapková", "Dvořák", "Eskilsdóttir", "Fernández", "Grünwald", "Hernádi", "Ibáñez", "Jørgensen",
    "Kovačević", "Lefèvre", "Muñoz", "Nørgaard", "Öztürk", "Påske", "Råberg", "Sørby", "Tůma",
    "Ulrichová", "Vågen", "Wąsik", "Zelený",
)  # fmt: skip
STUDIO_HEADS = (
    "Aurora", "Tideline", "Copper Kettle", "Northlight", "Harbour", "Meadow", "Lantern", "Quay",
    "Bluebell", "Granite", "Saffron", "Driftwood", "Kingfisher", "Old Mill", "Rowan", "Étoile",
    "Königsee", "São Jorge", "Señal", "Žofín",
)  # fmt: skip
STUDIO_TAILS = (
    "Films", "Pictures", "Studio", "Documentaries", "Media", "Stories", "Archive", "& Sons",
    "Collective", "Broadcast", "Workshop", "Tapes", "Nature", "Kitchen", "Sessions", "Journeys",
)  # fmt: skip
TAG_HEADS = (
    "Coastal", "Urban", "Alpine", "River", "Winter", "Summer", "Live", "Slow", "Handmade", "Solo",
    "Wild", "Acoustic", "Vegetarian", "Historic", "Night", "Morning", "Family", "Remote", "Baltic",
    "Desert", "Island", "Street", "Village", "Deep", "Short",
)  # fmt: skip
TAG_TAILS = (
    "Birds", "Boats", "Bread", "Choir", "Craft", "Dance", "Fish", "Flowers", "Folk", "Gardens",
    "Interview", "Landscape", "Music", "Market", "Recipes", "Sea", "Trains", "Travel", "Walks",
    "Weather", "Wildlife", "Workshop",
)  # fmt: skip

# Names that lists, URLs and comparisons trip over; every library of some size holds them all.
ODD_TAGS = (
    "Sea, Wind and Rain", "100% Wool", "Bread + Butter", "Salt & Pepper", "50%2C off", "A, B",
    "Rock'n'Roll", 'The "Big" Wave', "東京", "Überfahrt", "Café", "Jazz/Blues", "C#-Minor",
    "Wind; Weather", "Question?", "Equals=Sign", "Birds 🐦", "[Brackets]", "Señorío", "Кухня",
)  # fmt: skip
# Stored decomposed, as macOS writes them; equal to their composed twins for every reader.
DECOMPOSED_TAGS = tuple(
    unicodedata.normalize("NFD", name) for name in ("Crème brûlée", "Fête de la mer", "Düne")
)
# (name, disambiguation): people that only the disambiguation tells apart for sure.
DOUBLED_PERFORMERS = (
    ("Ana Müller", "cellist"),
    ("Ana Müller", "cook"),
    ("ANA MÜLLER", "harbour master"),
    ("Jan Žižka", "guide"),
    ("jan žižka", "baker"),
    (unicodedata.normalize("NFD", "Jan Žižka"), "ferryman"),
    ("東京 花子", ""),
    ("O'Neill, Mary", ""),
    ("R. Vale 100%", ""),
)
SENTENCES = (
    "The boats leave before the sun is over the breakwater.",
    "An old recipe, two patient cooks and a stove that never quite behaves.",
    "We follow a heron along the reeds for a whole morning.",
    "The choir meets in a tram depot, because the echo is better there.",
    "Rain comes in from the west and nobody minds.",
    "Filmed over three winters on the northern pier.",
    "The market opens at dusk – lanterns, chestnuts and a brass band.",
    "“Nothing happens here,” says the lighthouse keeper, and then it does.",
    "A walk through the old town with someone who knows every door.",
    "Flour, water, salt… and time 🍞.",
    "The quartet plays on although the power has gone.",
    "Snow geese gather at 6 °C and leave at 7.",
    "Grüße aus dem Hafen: Möwen, Nebel, Fischbrötchen.",
    "港の朝は静かです。",
    "The family 👨‍👩‍👧 returns each year for the apple harvest.",
)
DIRTY = ("\u200b", "\u202e", "\ufeff", "\u2060", "\x07", "\x00", "\u2067")


def title(rng: random.Random) -> str:
    return f"{rng.choice(ADJECTIVES)} {rng.choice(SUBJECTS)} in {rng.choice(PLACES)}"


def details(rng: random.Random, sentences: int) -> str:
    """Text of that many sentences; more than four of them come in paragraphs."""
    said = [rng.choice(SENTENCES) for _ in range(sentences)]
    blocks = [" ".join(said[start : start + 4]) for start in range(0, len(said), 4)]
    return "\n\n".join(blocks)


def performers(rng: random.Random, count: int) -> list[tuple[str, str]]:
    """`count` pairs (name, disambiguation): the doubled ones first, then distinct names."""
    names = [f"{first} {last}" for first in FIRST_NAMES for last in LAST_NAMES]
    rng.shuffle(names)
    plain = max(0, count - len(DOUBLED_PERFORMERS))
    return [*DOUBLED_PERFORMERS, *((name, "") for name in names[:plain])]


def tags(rng: random.Random, count: int) -> list[str]:
    """`count` tag names: the odd ones first, then distinct plain ones."""
    names = [f"{head} {tail}" for head in TAG_HEADS for tail in TAG_TAILS]
    rng.shuffle(names)
    odd = [*ODD_TAGS, *DECOMPOSED_TAGS]
    return [*odd, *names[: max(0, count - len(odd))]]


def studios(rng: random.Random, count: int) -> list[str]:
    names = [f"{head} {tail}" for head in STUDIO_HEADS for tail in STUDIO_TAILS]
    rng.shuffle(names)
    return names[:count]


def file_stem(rng: random.Random, number: int, shown: str, date: str | None) -> str:
    """A base name without extension that no other scene of the library has."""
    style = rng.randrange(4)
    if style == 0 and date:
        return f"{date} - {shown} - {number:06d}"
    if style == 1:
        return f"{shown.replace(' ', '.')}.{number:06d}"
    if style == 2:
        return f"{shown} [{number}]"
    return f"{number:06d} {shown}"
