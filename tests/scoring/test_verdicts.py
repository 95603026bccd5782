"""Short answers on a company handbook, with the label that a careful reader gives to each of their sentences."""

import pytest

from weaklink.scoring.groundedness import assess

VACATION = "Employees receive 25 days of paid vacation per year. Unused days expire on March 31 of the following year."
PARENTAL = "Parental leave is 16 weeks at full pay for the primary caregiver and 6 weeks for the secondary caregiver."
EXPENSES = (
    "Travel expenses are reimbursed within 14 days of submission. Taxi rides are reimbursed up to $60 per trip. "
    "Alcohol is not reimbursed. Hotel costs are capped at 180 euros per night."
)
REMOTE = (
    "Employees may work from home up to three days per week with the approval of their manager. "
    "Remote work from outside the country is not allowed. The core hours are from 10:00 to 16:00."
)
PEOPLE = (
    "Anna Berg leads the payroll team. Tom Lindqvist leads the IT support team. The data lab is led by Dr. Lena Hoff."
)
OFFICE = (
    "The Berlin office opens at 8 AM and closes at 7 PM. It was opened in September 2015. "
    "The canteen serves lunch from noon to 2 PM. Dogs are allowed on Fridays. "
    "The kitchen on the second floor is cleaned daily."
)
SECURITY = (
    "Passwords must have at least 12 characters and be changed every 90 days. Laptops must be encrypted. "
    "Report lost devices to security@acme.example before the end of the day. VPN is mandatory on public networks."
)
PENSION = (
    "Acme contributes 5% of the salary to the pension plan. The plan is run by Nordbank. "
    "Revenue in 2023 was $1.2 million."
)
HANDBOOK = [VACATION, PARENTAL, EXPENSES, REMOTE, PEOPLE, OFFICE, SECURITY, PENSION]
CAFE = (
    '{"name": "Blue Door Cafe", "city": "Lisbon", "hours": {"Monday": "8:0-17:0", "Tuesday": "8:0-17:0",'
    ' "Saturday": "9:0-14:0"}, "attributes": {"OutdoorSeating": true, "WiFi": "free", "DogsAllowed": false,'
    ' "Music": null, "BusinessParking": {"garage": false, "street": true}}, "stars": 4.5}'
)

# passages, question, answer, label of every sentence
CASES: list[tuple[list[str], str, str, str]] = [
    # supported: close to the words
    ([VACATION], "How many vacation days do I get?", "You get 25 days of paid vacation.", "supported"),
    ([VACATION], "", "You get 25 days of paid vacation.", "supported"),
    (
        [VACATION],
        "How many vacation days do I get?",
        "Employees receive 25 days of paid vacation per year.",
        "supported",
    ),
    (HANDBOOK, "How many vacation days do I get?", "You get 25 days of paid vacation every year.", "supported"),
    (
        HANDBOOK,
        "When do unused vacation days expire?",
        "Unused days expire on 31 March of the following year.",
        "supported",
    ),
    (HANDBOOK, "How long is parental leave?", "Parental leave is 16 weeks for the primary caregiver.", "supported"),
    (HANDBOOK, "How long is parental leave?", "The primary caregiver gets sixteen weeks at full pay.", "supported"),
    (HANDBOOK, "Are taxi rides paid?", "Taxi rides are reimbursed up to 60 dollars per trip.", "supported"),
    (HANDBOOK, "Is alcohol reimbursed?", "No, alcohol is not reimbursed.", "supported"),
    (HANDBOOK, "How much may a hotel cost?", "Hotel costs are capped at €180 per night.", "supported"),
    (HANDBOOK, "How often may I work from home?", "Up to 3 days per week, if your manager approves.", "supported"),
    (HANDBOOK, "What are the core hours?", "The core hours are from 10 AM to 4 PM.", "supported"),
    (HANDBOOK, "Who leads payroll?", "The payroll team is led by Anna Berg.", "supported"),
    (HANDBOOK, "Who leads the data lab?", "Dr. Lena Hoff leads the data lab.", "supported"),
    (HANDBOOK, "When does the office open?", "The Berlin office opens at 8:00 and closes at 19:00.", "supported"),
    (HANDBOOK, "When was the office opened?", "It was opened in Sept 2015.", "supported"),
    (HANDBOOK, "When is lunch?", "Lunch is served from 12 PM to 2 PM.", "supported"),
    (HANDBOOK, "How long must a password be?", "Passwords must be at least twelve characters long.", "supported"),
    (HANDBOOK, "What does Acme pay into my pension?", "Acme contributes 5 percent of your salary.", "supported"),
    (HANDBOOK, "What was the revenue in 2023?", "Revenue was 1,200,000 dollars in 2023.", "supported"),
    (HANDBOOK, "What was the revenue in 2023?", "It was $1.2m in 2023.", "supported"),
    (HANDBOOK, "When can I bring my dog?", "Dogs are allowed on Fridays.", "supported"),
    (HANDBOOK, "When can I bring my dog?", "You can bring your dog on Friday.", "supported"),
    (HANDBOOK, "May I work from abroad?", "Remote work outside the country is not allowed.", "supported"),
    (HANDBOOK, "Do I need VPN?", "Yes, VPN is mandatory on public networks.", "supported"),
    # supported: bare values and lists
    (HANDBOOK, "How many days of paid vacation do employees receive?", "25 days", "supported"),
    (HANDBOOK, "How many days of paid vacation do employees receive?", "25", "supported"),
    (HANDBOOK, "Who leads the data lab?", "Dr. Lena Hoff", "supported"),
    (HANDBOOK, "Who leads the payroll team?", "Anna Berg.", "supported"),
    (HANDBOOK, "Are dogs allowed on Fridays?", "Yes", "supported"),
    (HANDBOOK, "Is alcohol reimbursed?", "No.", "supported"),
    (HANDBOOK, "What share of the salary goes to the pension plan?", "5%", "supported"),
    (HANDBOOK, "When does the Berlin office close?", "7 PM", "supported"),
    (HANDBOOK, "What are the password rules?", "- At least 12 characters\n- Changed every 90 days", "supported"),
    (HANDBOOK, "Who leads the teams?", "1. Payroll: Anna Berg\n2. IT support: Tom Lindqvist", "supported"),
    (
        HANDBOOK,
        "How many vacation days do I get?",
        "Based on the context, employees receive 25 days of paid vacation.",
        "supported",
    ),
    (
        HANDBOOK,
        "How many vacation days do I get?",
        "According to the handbook, you get 25 days of paid vacation per year.",
        "supported",
    ),
    (HANDBOOK, "How many vacation days do I get?", "Answer: 25 days of paid vacation per year.", "supported"),
    # contradicted
    ([VACATION], "How many vacation days do I get?", "You get 30 days of paid vacation.", "contradicted"),
    ([VACATION], "", "You get 30 days of paid vacation.", "contradicted"),
    (
        HANDBOOK,
        "How many vacation days do I get?",
        "Employees receive 30 days of paid vacation per year.",
        "contradicted",
    ),
    (HANDBOOK, "How many days of paid vacation do employees receive?", "30 days", "contradicted"),
    (HANDBOOK, "How many days of paid vacation do employees receive?", "20", "contradicted"),
    (
        HANDBOOK,
        "When do unused vacation days expire?",
        "Unused days expire on May 31 of the following year.",
        "contradicted",
    ),
    (
        HANDBOOK,
        "How long is parental leave?",
        "Parental leave is 12 weeks at full pay for the primary caregiver.",
        "contradicted",
    ),
    (
        HANDBOOK,
        "When are expenses reimbursed?",
        "Travel expenses are reimbursed within 30 days of submission.",
        "contradicted",
    ),
    (HANDBOOK, "Are taxi rides paid?", "Taxi rides are reimbursed up to $100 per trip.", "contradicted"),
    (HANDBOOK, "Is alcohol reimbursed?", "Alcohol is reimbursed.", "contradicted"),
    (HANDBOOK, "Is alcohol reimbursed?", "Yes", "contradicted"),
    (HANDBOOK, "Are dogs allowed on Fridays?", "No", "contradicted"),
    (HANDBOOK, "May I work from abroad?", "Remote work from outside the country is allowed.", "contradicted"),
    (HANDBOOK, "Who leads payroll?", "Tom Lindqvist leads the payroll team.", "contradicted"),
    (HANDBOOK, "Who leads the data lab?", "Dr. Mark Stein", "contradicted"),
    (HANDBOOK, "When does the office open?", "The Berlin office opens at 9 AM and closes at 7 PM.", "contradicted"),
    (HANDBOOK, "When does the Berlin office close?", "It closes at 18:00.", "contradicted"),
    (HANDBOOK, "When was the office opened?", "The Berlin office was opened in September 2018.", "contradicted"),
    (HANDBOOK, "When can I bring my dog?", "Dogs are allowed on Mondays.", "contradicted"),
    (HANDBOOK, "Do I need VPN?", "VPN is optional on public networks.", "contradicted"),
    (HANDBOOK, "When do I report a lost device?", "Report lost devices after the end of the day.", "contradicted"),
    (
        HANDBOOK,
        "What does Acme pay into my pension?",
        "Acme contributes 8% of the salary to the pension plan.",
        "contradicted",
    ),
    (
        HANDBOOK,
        "How often is the kitchen cleaned?",
        "The kitchen on the second floor is cleaned weekly.",
        "contradicted",
    ),
    (HANDBOOK, "What was the revenue in 2023?", "Revenue in 2023 was $2.1 million.", "contradicted"),
    # unsupported
    ([VACATION], "What is the dog called?", "The office dog is called Rex", "unsupported"),
    (HANDBOOK, "What is the office dog called?", "The office dog is called Rex.", "unsupported"),
    (HANDBOOK, "What is the office dog called?", "Rex", "unsupported"),
    (HANDBOOK, "Is there a gym?", "The company runs a free gym with a sauna in the basement.", "unsupported"),
    (HANDBOOK, "Who is the CEO?", "The chief executive is Maria Gonzalez, who joined from Siemens.", "unsupported"),
    (HANDBOOK, "Can I bring a bicycle?", "Bicycles can be stored in the underground garage.", "unsupported"),
    (
        HANDBOOK,
        "What is the bonus?",
        "The annual bonus depends on individual targets and is paid in December.",
        "unsupported",
    ),
    (HANDBOOK, "What is the capital of France?", "The capital of France is Paris.", "unsupported"),
    ([], "How many vacation days do I get?", "You get 25 days of paid vacation.", "unsupported"),
    (
        HANDBOOK,
        "How many sick days?",
        "Sick leave requires a doctor's note from the fourth day of illness.",
        "unsupported",
    ),
    # JSON records
    ([CAFE], "Where is it?", "Blue Door Cafe is in Lisbon.", "supported"),
    ([CAFE], "What is its rating?", "The Blue Door Cafe has 4.5 stars.", "supported"),
    ([CAFE], "When is it open?", "It is open on Monday from 8 AM to 5 PM.", "supported"),
    ([CAFE], "Is there outdoor seating?", "The cafe has outdoor seating and free WiFi.", "supported"),
    ([CAFE], "Are dogs allowed?", "Dogs are allowed at the cafe.", "contradicted"),
    ([CAFE], "What is its rating?", "The Blue Door Cafe has 3.5 stars.", "contradicted"),
    ([CAFE], "Is there sushi?", "The cafe serves sushi and Brazilian barbecue with live jazz.", "unsupported"),
    # abstentions
    (HANDBOOK, "What is the dog called?", "I don't know, the documents do not say.", "abstention"),
    (
        HANDBOOK,
        "What is the dog called?",
        "I'm sorry, but I cannot find this information in the provided context.",
        "abstention",
    ),
    (HANDBOOK, "What is the dog called?", "The context does not mention the name of the dog.", "abstention"),
    (
        HANDBOOK,
        "What is the dog called?",
        "There is no information about the office dog in the documents.",
        "abstention",
    ),
    (HANDBOOK, "What is the dog called?", "The name of the dog is not mentioned in the handbook.", "abstention"),
    (HANDBOOK, "What is the dog called?", "Not specified.", "abstention"),
    (
        HANDBOOK,
        "What is the dog called?",
        "I am unable to answer this question based on the given documents.",
        "abstention",
    ),
    # nothing claimed
    (HANDBOOK, "Hello", "Sure, I can help with that!", "not_a_claim"),
    (HANDBOOK, "Vacation?", "What would you like to know?", "not_a_claim"),
    (HANDBOOK, "Vacation?", "Here is the answer:", "not_a_claim"),
    (HANDBOOK, "Vacation?", "...", "not_a_claim"),
]


@pytest.mark.parametrize(("passages", "question", "answer", "label"), CASES)
def test_each_sentence_gets_the_label_of_a_careful_reader(passages: list[str], question: str, answer: str, label: str):
    verdicts = assess(answer, passages, question)
    assert {verdict.label for verdict in verdicts} == {label}
    for verdict in verdicts:
        assert (verdict.value > 0.7) if label in ("supported", "abstention", "not_a_claim") else (verdict.value < 0.5)
