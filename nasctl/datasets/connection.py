"""Checks within seconds whether a server answers."""

from __future__ import annotations

import threading


def why_unreachable(url: str, *, seconds: float = 5.0) -> str:
    """Requests a URL and returns why it cannot be reached, or an empty string if it can.

    The request runs in a thread, because name resolution may block for longer than the time-out of HTTP.

    Args:
      url: The URL.
      seconds: The time-out.
    """
    import requests  # TFDS downloads with it too, so the same proxies and certificates apply

    answer: list[str] = []

    def ask() -> None:
        try:
            requests.head(url, timeout=seconds, allow_redirects=True).close()
            answer.append("")
        except requests.exceptions.SSLError:
            answer.append("its certificate is not trusted")
        except requests.exceptions.ProxyError:
            answer.append("the proxy refuses the connection")
        except requests.exceptions.Timeout:
            answer.append(f"no answer in {seconds:.0f} s")
        except requests.exceptions.RequestException:
            answer.append("no connection")

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds + 1)
    return answer[0] if answer else f"no answer in {seconds:.0f} s"
