"""The demo's agent as a LlamaIndex workflow: a planner picks a tool, the tool runs, and the model words its result."""

from llama_index.core.base.llms.types import ChatMessage, MessageRole
from llama_index.core.callbacks import CallbackManager
from llama_index.core.llms.llm import ToolSelection
from llama_index.core.prompts import ChatPromptTemplate
from llama_index.core.tools.calling import acall_tool_with_selection
from llama_index.core.tools.types import BaseTool
from llama_index.core.workflow import (
    Event,
    StartEvent,
    StopEvent,
    Workflow,
    step,  # pyright: ignore[reportUnknownVariableType]
)

from weaklink_llama_index.demo.engine import Pieces
from weaklink_llama_index.demo.models import RuleBasedPlanner

ANSWER_PROMPT = ChatPromptTemplate(
    [
        ChatMessage(
            "You answer questions of employees. Answer in one short sentence, using only the result of the tool.",
            role=MessageRole.SYSTEM,
        ),
        ChatMessage("Result of the tool:\n{result}\n\nQuestion: {question}", role=MessageRole.USER),
    ]
)


class ToolChosen(Event):
    """The planner wants a tool to be called."""

    question: str
    call: ToolSelection


class ToolCalled(Event):
    """The tool has answered, or failed and said why."""

    question: str
    result: str


class CompanyAssistant(Workflow):
    """Question in, answer out; plan, use_tool and answer in between."""

    def __init__(self, pieces: Pieces, callback_manager: CallbackManager) -> None:
        """Made of the model, the tools and the parser of `pieces`."""
        super().__init__(timeout=300)
        self.pieces = pieces
        self.callback_manager = callback_manager
        self.planner = RuleBasedPlanner()
        self.tools: list[BaseTool] = list(pieces.tools)

    @step
    async def plan(self, ev: StartEvent) -> ToolChosen:
        """Choose the tool that can answer."""
        question = str(ev.get("question"))
        response = await self.planner.achat_with_tools(self.tools, user_msg=question)
        (call,) = self.planner.get_tool_calls_from_response(response)
        return ToolChosen(question=question, call=call)

    @step
    async def use_tool(self, ev: ToolChosen) -> ToolCalled:
        """Call it. Like most agents in production: an error of a tool becomes a text that the model reads."""
        output = await acall_tool_with_selection(ev.call, self.tools)
        # Worded as LangGraph does, so that the demos of both frameworks put the same to the model.
        failed = f"Error: {output.exception!r}\n Please fix your mistakes."
        return ToolCalled(question=ev.question, result=failed if output.is_error else output.content)

    @step
    def answer(self, ev: ToolCalled) -> StopEvent:
        """Put the tool's result into a sentence."""
        # Not `apredict`: OpenAI's asynchronous client stays bound to the first event loop, and each run here has its own.
        text = self.pieces.model.predict(ANSWER_PROMPT, result=ev.result, question=ev.question)
        return StopEvent(result=self.pieces.text_parser.parse(text))
