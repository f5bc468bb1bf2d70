"""A flow of your own: it asks its caller, and has a result looked at before it goes on."""

from crewai.flow.flow import Flow, listen, start
from crewai.flow.human_feedback import human_feedback


class Support(Flow):
    """`code: support.py:Support`. The message is in self.state["text"]."""

    @start()
    def which(self) -> str:
        """The caller is asked: the task waits for the answer."""
        return self.ask(f"Which order is it about: {self.state['text']}?") or "none"

    @listen(which)
    @human_feedback(message="Shall it be sent?")
    def answer(self, order: str) -> str:
        """What would be sent."""
        return f"Order {order} is on its way."

    @listen(answer)
    def sent(self) -> str:
        """What came of it."""
        return f"{self.last_human_feedback.output} ({self.last_human_feedback.feedback})"


class Endless(Flow):
    """A flow that goes round in circles: it ends, and says why."""

    @start("again")
    def begin(self) -> str:
        """The first step, and the one after the last."""
        return "x"

    @listen(begin)
    def over(self) -> str:
        """Back to the start."""
        return "again"
