"""Answers that differ from a true one in a single place: the true one is carried, the other one is contradicted."""

import pytest

from weaklink.scoring.groundedness import answer_value, assess

MACHINE = "Descale the machine every 3 months. The cycle takes 1 hour 50 minutes. The tank holds 1.8 litres."
LEASE = (
    "The tenant may terminate the lease with sixty days' written notice. The landlord may terminate only for cause. "
    "The deposit, EUR 2,400, is returned within 14 days."
)
FERRY = "Tickets cost 7 euros for adults. The store opens at 8:30 and closes at 21:00."
BRIDGE = "The bridge was designed by Elena Markovic and built by Otto Hartmann. It was opened on 12 May 1934."
SCHOOLS = "Most of the 48 schools offer meals. All pupils learn English; only some choose Latin."
PLANS = "| Plan | Price | Users |\n|---|---|---|\n| Team | $29 | 5 |\n| Business | $79 | 20 |"
ROWS = "[('Anna Weber', 'Sales', 52000), ('Tom Brandt', 'Support', 41000)]"
ORDERS = '[{"order_id": 1042, "status": "shipped"}, {"order_id": 1043, "status": "cancelled"}]'
CONFIG = "server:\n  tls: false\ncache:\n  enabled: true"
WEATHER = '{"city": "Oslo", "temperature": -4, "updated": "2025-01-14T08:30:00Z", "snow": true}'
REVENUE = "Revenue rose 12% to $4.6 billion. Net income was $840 million, compared with $610 million in 2022."
GERMAN = "Die Garantie gilt zwei Jahre ab Kauf. Sonntags ist der Laden nicht offen."
REWARD = (
    "Whoever recommends a person who is then hired receives 1,500 euros: 500 euros with the first salary of the new colleague and "
    "1,000 euros after the probation period. For engineers in Calder Bay the reward is 2,200 euros."
)
PEAKS = (
    "Mauna Kea is a dormant volcano on the island of Hawaii; its peak is 4,207 metres above the sea. "
    "Mount Logan is the highest mountain in Canada and the second-highest peak in North America."
)

CANTEEN = (
    "Canteen: The canteen in Ostmere serves lunch from 11:45 to 14:00. A meal costs 4.80 euros, a meal for a guest 8.50 euros. "
    "A place to park is booked from 7 days ahead and costs 4 euros per day."
)
FIRE = (
    "416 Fire. The 416 and Burro fires are active wildfires in the southwestern portion of Colorado. They had major impacts on "
    "tourism and commerce for communities there."
)
INSURANCE = "Pipe damage is covered up to 50,000 francs. The deductible is 500 francs for each claim."
TRAIL = "Trail 7 over the ridge is closed from November to May because of rockfall."
PHONE = "Using a phone at the wheel costs 100 euros and one point."
CLIENT = (
    "### `client.delete(key, *, missing_ok=False)`\nDeletes an object. With `missing_ok=True` no error is raised when the key does "
    "not exist."
)
LAMP = '{"title": "Floor lamp", "price": 89.0, "in_stock": false}'
LIMITS = "The API accepts 120 requests per minute. Each request may carry 20 items."
OVEN = "Heat the oven to 350 degrees Fahrenheit and bake for 30 minutes."
BORN = "Clara Voss was born in Ghent in 1902. She moved to Canada in 1937."
COSTS = "Revenue in fiscal 2023 rose 12% to $4.6 billion, while operating costs fell by 3% to $3.1 billion."
QUOTE = '"We will not raise prices this year," said Karin Holm, chief executive of Frostbrand.'
PARENTS = "Parental leave: 16 weeks fully paid for the primary caregiver, 6 weeks for the secondary caregiver."
PLANTS = "Third-quarter sales dropped 7 percent. The firm will close two plants and cut 450 jobs by March."
CANOES = (
    "Canoes can be rented at the boathouse for 12 euros per hour or 45 euros per day. The deposit is 60 euros. The boathouse is open "
    "from 9:00 to 18:00, and its manager is Petra Lindqvist."
)
TRAM = (
    "A single ticket of the Vessmark tram costs 2.80 euros and is valid for 75 minutes. A day ticket costs 6.90 euros. Tickets bought "
    "from the driver cost 60 cents more."
)
LOST = (
    "The lost property office of the Vessmark tram is at Mill Lane 8 and opens on Mondays, Wednesdays and Fridays from 10:00 to "
    "16:00. Things are kept for 90 days. Its head is Tomas Adeyemi."
)
RELEASE = "Dropped support for Python 3.8. The joining fee is waived in January."
SMALL_CLAIMS = "Claims under 500 euros are settled without an inspection; an excess of 250 euros is deducted."
ORDER = '{"items": [{"sku": "TENT-2", "price": 149.0}, {"sku": "MAT-L", "qty": 2, "price": 35.5}], "paid": true, "sent": false}'
GROWTH = "Revenue grew from 1.9 to 2.3 billion dollars in 2023, and sales of the cloud unit doubled to 640 million. Costs rose 12 %."
CROSSING = "The crossing takes 1 hour 50 minutes. The island has two villages."
LOCKED = "After five wrong attempts the account is locked for 30 minutes."
MILEAGE = "Commuters deduct 0.30 euros per kilometre up to kilometre 20 and 0.38 euros from kilometre 21."
GALLERY = "In the storm of 1951 the gallery was destroyed; it was rebuilt two years later."
HOME = "Working from home counts 6 euros a day, at most 1,260 euros a year."
BOAT = "A car costs 38 euros one way, a passenger 14 euros; bicycles travel free."
CARD = "The annual card costs 20 euros, for students 10 euros. Kids pay nothing."
KARTE = "Der Jahresausweis kostet 20 Euro, für Studierende 10 Euro. Ein Kurs dauert zehn Stunden und kostet 95,50 Euro."
NIGHT = "Work at night is paid with a supplement of 25 percent, work on Sundays with 50 percent and on public holidays with 125 percent."
TOWNS = "town,inhabitants_2010,inhabitants_2020,km2\nAsterby,18400,21300,44\nBrook,9200,8700,31"
MEALS = "What is the price of a meal in the canteen in Ostmere?"

# passage, question, what is right, what is wrong
PAIRS = [
    (REWARD, "What is the reward for recommending a new engineer in Calder Bay?", "2,200 euros.", "1,500 euros."),
    (MACHINE, "How long does the cycle take?", "The cycle takes 110 minutes.", "The cycle takes 90 minutes."),
    (MACHINE, "How big is the tank?", "1800 ml", "1.8 gallons"),
    (LEASE, "When is the deposit returned?", "Within two weeks.", "Within three weeks."),
    (LEASE, "How much is the deposit?", "The deposit is €2,400.", "The deposit is €4,200."),
    (LEASE, "Who may terminate only for cause?", "The landlord.", "The tenant."),
    (
        FERRY,
        "What do two adults pay?",
        "Tickets for two adults cost 14 euros.",
        "Tickets for two adults cost 17 euros.",
    ),
    (
        FERRY,
        "How long is it open?",
        "It is open for 12.5 hours, 8:30 to 21:00.",
        "It is open for 10 hours, 8:30 to 21:00.",
    ),
    (BRIDGE, "Who designed it?", "Elena Markovic designed the bridge.", "Otto Hartmann designed the bridge."),
    (BRIDGE, "When was it opened?", "It was opened on May 12, 1934.", "It was opened on May 12, 1931."),
    (SCHOOLS, "Do schools offer meals?", "Most schools offer meals.", "All schools offer meals."),
    (PLANS, "What does Team cost?", "The Team plan costs $29.", "The Team plan costs $79."),
    (PLANS, "How much more is Business?", "Business costs $50 more than Team.", "Business costs $60 more than Team."),
    (ROWS, "What does Anna Weber earn?", "Anna Weber earns 52,000.", "Anna Weber earns 41,000."),
    (ORDERS, "Where is order 1043?", "Order 1043 was cancelled.", "Order 1043 was shipped."),
    (CONFIG, "Is TLS on?", "No, TLS is disabled.", "Yes, TLS is enabled."),
    (CONFIG, "Is the cache on?", "Yes, the cache is enabled.", "No, the cache is disabled."),
    (WEATHER, "When was it updated?", "Updated on 14 January 2025, 08:30.", "Updated on 14 January 2025, 18:30."),
    (REVENUE, "How did revenue develop?", "Revenue grew 12% to $4.6 billion.", "Revenue fell 12% to $4.6 billion."),
    (REVENUE, "By how much did income grow?", "Net income grew by $230 million.", "Net income grew by $320 million."),
    (CANTEEN, MEALS, "4.80 euros.", "4.30 euros."),
    (CANTEEN, MEALS, "A meal in the canteen in Ostmere costs €4.80.", "A meal in the canteen in Ostmere costs €4.30."),
    (CANTEEN, MEALS, "€4.80", "€7"),
    (
        FIRE,
        "What is the status of the 416 fire?",
        "The 416 is active and has had major impacts on tourism and commerce in southwest Colorado.",
        "The 466 is active and has had major impacts on tourism and commerce in southwest Colorado.",
    ),
    (
        LIMITS,
        "How many requests per hour are possible?",
        "120 per minute, so 7,200 requests per hour.",
        "120 per minute, so 2,700 requests per hour.",
    ),
    (OVEN, "How hot is the oven?", "Heat the oven to 175 °C.", "Heat the oven to 215 °C."),
    (BORN, "How old was she when she moved?", "Clara Voss was 35 years old.", "Clara Voss was 45 years old."),
    (
        COSTS,
        "How did revenue develop?",
        "Revenue grew by 12 percent to 4.6 billion dollars in fiscal 2023.",
        "Revenue fell by 12 percent to 4.6 billion dollars in fiscal 2023.",
    ),
    (
        QUOTE,
        "What did Karin Holm say?",
        "Karin Holm said that Frostbrand would not raise prices this year.",
        "Karin Holm said that Frostbrand would raise prices this year.",
    ),
    (PARENTS, "How much paid leave does the secondary caregiver get?", "Six weeks", "Sixteen weeks"),
    (PARENTS, "How much paid leave does the primary caregiver get?", "Sixteen weeks", "Six weeks"),
    (PLANTS, "How many plants will close?", "Two plants will be closed.", "No plants will be closed."),
    (CANOES, "What is the deposit of a canoe at the boathouse?", "60 euros", "70 euros"),
    (
        CANOES,
        "What is the deposit of a canoe at the boathouse?",
        "The deposit is 60 euros.",
        "The deposit is 75 euros.",
    ),
    (
        TRAM,
        "What does a day ticket of the Vessmark tram cost?",
        "A day ticket costs 6.90 euros.",
        "It costs 9.60 euros.",
    ),
    (TRAM, "What does a single ticket of the Vessmark tram cost?", "2.80 euros", "6.90 euros"),
    (LOST, "Who is the head of the lost property office?", "Tomas Adeyemi", "Hugo Brandt"),
    (
        LOST,
        "Who is the head of the lost property office?",
        "The head of the lost property office is Tomas Adeyemi.",
        "The head of the lost property office is Hugo Brandt.",
    ),
    (
        TRAIL,
        "Is trail 7 open in March?",
        "No. Trail 7 over the ridge is closed from November until May due to rockfall, so it won't be open in March.",
        "Yes, trail 7 is open in March.",
    ),
    (
        TRAIL,
        "Is trail 7 closed in March?",
        "Yes, it is closed from November to May.",
        "Yes, it is closed from July to August.",
    ),
    (PHONE, "How many points does a phone at the wheel cost?", "points: 1", "points: 3"),
    (
        CLIENT,
        "How do I delete an object without getting an error when it does not exist?",
        "client.delete('a.txt', missing_ok=True)",
        "client.delete('a.txt', missing_ok=None)",
    ),
    (LAMP, "Is the floor lamp available?", "The floor lamp is out of stock.", "The floor lamp is in stock."),
    (GERMAN, "Wie lange gilt die Garantie?", "Die Garantie gilt 2 Jahre.", "Die Garantie gilt vier Jahre."),
    (
        GERMAN,
        "Ist der Laden sonntags offen?",
        "Nein, sonntags ist der Laden nicht offen.",
        "Ja, sonntags ist der Laden offen.",
    ),
    (RELEASE, "Is Python 3.8 supported?", "No, Python 3.8 is not supported.", "Yes, Python 3.8 is supported."),
    (RELEASE, "Is there a joining fee in January?", "No.", "Yes."),
    (SMALL_CLAIMS, "Is the excess 300 euros?", "No.", "Yes."),
    (ORDER, "Has the order been sent?", "Not yet: it is paid, but not sent.", "Yes, it has been sent."),
    (ORDER, "What do the items cost?", "149.00 + 2 × 35.50 = 220.00", "149.00 + 2 × 35.50 = 210.00"),
    (
        GROWTH,
        "What was revenue?",
        "It rose to $2.3 billion from $1.9 billion.",
        "It rose to $2.3 billion from $1.7 billion.",
    ),
    (
        GROWTH,
        "What did the cloud unit sell in 2022?",
        "Its sales doubled to 640 million in 2023, so they were 320 million before.",
        "Its sales doubled to 640 million in 2023, so they were 420 million before.",
    ),
    (GROWTH, "What happened to costs?", "Costs went up by 12%.", "Costs went down by 12%."),
    (
        CROSSING,
        "How long is the crossing?",
        "The crossing takes just under two hours.",
        "The crossing takes three hours.",
    ),
    (LOCKED, "For how long is my account locked?", "For half an hour.", "For an hour and ten minutes."),
    (MILEAGE, "How much from kilometre 21?", "38 cents", "36 cents"),
    (GALLERY, "When was it rebuilt?", "The gallery was rebuilt in 1953.", "The gallery was rebuilt in 1956."),
    (
        HOME,
        "How many days at home are counted?",
        "At 6 euros a day and at most 1,260 euros, that is 210 days.",
        "At 6 euros a day and at most 1,260 euros, that is 240 days.",
    ),
    (
        BOAT,
        "What do two people with a car pay?",
        "38 euros for the car plus 2 × 14 euros for the passengers: 66 euros.",
        "38 euros for the car plus 2 × 14 euros for the passengers: 76 euros.",
    ),
    (
        CARD,
        "What does the card cost for students?",
        "For students it costs 10 euros.",
        "For students it costs 20 euros.",
    ),
    (
        KARTE,
        "Was kostet der Ausweis für Studierende?",
        "Für Studierende kostet er 10 Euro.",
        "Für Studierende kostet er 20 Euro.",
    ),
    (
        KARTE,
        "Was kostet ein Kurs?",
        "Ein Kurs mit zehn Stunden kostet 95,50 Euro.",
        "Ein Kurs mit zehn Stunden kostet 75,50 Euro.",
    ),
    (
        NIGHT,
        "What supplement is paid on Sundays?",
        "Work on Sundays is paid with a 50% supplement.",
        "Work on Sundays is paid with a 60% supplement.",
    ),
    (TOWNS, "How many people lived in Brook in 2020?", "Brook had 8,700 inhabitants.", "Brook had 21,300 inhabitants."),
]


@pytest.mark.parametrize(("passage", "question", "right", "wrong"), PAIRS)
def test_one_wrong_detail_is_seen_beside_its_true_twin(passage: str, question: str, right: str, wrong: str):
    carried = answer_value(assess(right, [passage], question))
    denied = answer_value(assess(wrong, [passage], question))
    assert carried is not None
    assert denied is not None
    assert carried >= 0.5 > denied


def test_what_is_said_of_somebody_else_contradicts_nothing():
    question = "Which is the highest mountain in Hawaii?"
    (sentence,) = assess("Mauna Kea is the highest mountain peak in the state of Hawaii.", [PEAKS], question)
    assert sentence.label != "contradicted"
    (swapped,) = assess(
        "Mauna Kea is the highest mountain in Canada.", [PEAKS], "Which is the highest mountain in Canada?"
    )
    assert swapped.label == "contradicted"


SAYS_WITHOUT_LOOKING_UP = [
    (INSURANCE, "How much of a 2,000 franc claim is paid?", "With a deductible of 500 francs, 1,500 francs are paid."),
    (
        LIMITS,
        "How many requests per minute?",
        "The API accepts 120 requests per minute [1], as said above in 80 words.",
    ),
    (
        SMALL_CLAIMS,
        "Will somebody look at a 300 euro claim?",
        "No, claims under 500 euros are settled without an inspection.",
    ),
    (CANTEEN, "When is lunch?", "1. Lunch is from 11:45 to 14:00 in the canteen in Ostmere (see passage 12)."),
]


@pytest.mark.parametrize(("passage", "question", "answer"), SAYS_WITHOUT_LOOKING_UP)
def test_a_number_that_follows_or_counts_the_text_itself_is_not_missed_in_the_passages(
    passage: str, question: str, answer: str
):
    value = answer_value(assess(answer, [passage], question))
    assert value is not None
    assert value >= 0.5


def test_what_keeps_a_limit_is_within_it():
    question = "Is a claim of {} euros settled without an inspection?"
    (within,) = assess("Yes.", [SMALL_CLAIMS], question.format(300))
    (beyond,) = assess("Yes.", [SMALL_CLAIMS], question.format(700))
    assert (within.label, beyond.label) == ("supported", "contradicted")


@pytest.mark.parametrize(
    ("passages", "question", "answer"),
    [
        (
            ["The museum is open daily except Mondays from 10:00 to 18:00; on Thursdays until 21:00."],
            "Until when is the museum open on Thursdays?",
            "On Thursdays the museum stays open until 9 p.m.",
        ),
        (
            [
                "Ward 5A (maternity): partners at any time, others from 15:00 to 17:00.",
                "Ward 4A: visiting from 14:00 to 19:00, two visitors at a time.",
            ],
            "When can friends visit the maternity ward?",
            "Friends can visit the maternity ward from 15:00 to 17:00.",
        ),
    ],
)
def test_a_value_is_not_displaced_where_its_own_sentence_speaks_of_the_thing(passages, question: str, answer: str):
    (sentence,) = assess(answer, passages, question)
    assert sentence.label == "supported"


SHOES = [
    "sku: TR-100; name: Trail Runner; weight: 280 g; price: 129 EUR",
    "sku: TR-200; name: Trail Runner Pro; weight: 245 g; price: 169 EUR",
]
STAFF = ["name: Ada Brandt\nroom: 2.114\nphone: 4471", "name: Bo Keller\nroom: 2.118\nphone: 4475"]


@pytest.mark.parametrize(
    ("passages", "right", "wrong"),
    [
        (
            SHOES,
            "The Trail Runner Pro weighs 245 g and costs 169 EUR.",
            "The Trail Runner Pro weighs 245 g and costs 129 EUR.",
        ),
        (STAFF, "Bo Keller sits in room 2.118.", "Bo Keller sits in room 2.114."),
        (STAFF[1:], "Bo Keller sits in room 2.118.", "Bo Keller sits in room 2.114."),
    ],
)
def test_passages_that_are_rows_are_read_as_a_table(passages, right: str, wrong: str):
    (carried,), (denied,) = assess(right, passages, "What do you know?"), assess(wrong, passages, "What do you know?")
    assert (carried.label, denied.label) == ("supported", "contradicted")
