"""Whether a server answers, found out in seconds."""

from __future__ import annotations

import threading


def why_unreachable(url: str, *, seconds: float = 5.0) -> str:
    """Why no answer comes from `url`, or an empty string where one does.

    Name resolution may hang for longer than any time-out of HTTP, hence the thread.
    """
    import requests  # what TFDS downloads with, so the same proxies and certificates count

    answer: list[str] = []

    def ask() -> None:
        try:
            requests.head(url, timeout=seconds, allow_redirects=True).close()
            answer.append("")
        except requests.exceptions.SSLError:
            answer.append("its certificate is not trusted here")
        except requests.exceptions.ProxyError:
            answer.append("the proxy does not let it through")
        except requests.exceptions.Timeout:
            answer.append(f"no answer in {seconds:.0f} s")
        except requests.exceptions.RequestException:
            answer.append("no connection")

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds + 1)
    return answer[0] if answer else f"no answer in {seconds:.0f} s"
