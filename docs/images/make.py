"""Makes the README's pictures from a running demo: `make.py http://127.0.0.1:8000`."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
SIDE_BY_SIDE = """
<!doctype html><style>body{margin:0;display:flex;gap:24px;padding:24px;background:#e9ebee}
img{width:620px;border-radius:12px;box-shadow:0 8px 30px rgb(0 0 0/.18)}</style>
<img src="statement.png"><img src="receipt.png">
"""


def main(address: str) -> None:
    """Log in as Maya, take her statement and the receipt that crosses the tier."""
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1000, "height": 1200})
        take(page, address)
        join(browser)
        browser.close()


def take(page: Page, address: str) -> None:
    page.goto(f"{address}/account/login/")
    page.get_by_role("button", name="Maya").first.click()
    page.wait_for_load_state()
    page.screenshot(path=HERE / "statement.png")
    page.get_by_role("link", name="706.53").first.click()
    page.wait_for_load_state()
    page.screenshot(path=HERE / "receipt.png")


def join(browser: Browser) -> None:
    sheet = HERE / "sheet.html"
    sheet.write_text(SIDE_BY_SIDE)
    page = browser.new_page(viewport={"width": 1312, "height": 800})
    page.goto(sheet.as_uri())
    page.wait_for_load_state()
    page.screenshot(path=HERE / "statement-and-receipt.png")
    for part in ("sheet.html", "statement.png", "receipt.png"):
        (HERE / part).unlink()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
