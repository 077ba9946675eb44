// Chromium, and the people who sit in front of it, each in a context of their own.
import { accessSync, constants } from "node:fs";
import { mkdir } from "node:fs/promises";
import { basename, delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { waitMsMax } from "./await.mjs";
import { InvoicePage } from "./invoice_page.mjs";
import { artifacts } from "./places.mjs";

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-sync",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-dev-shm-usage",
];
const recorder = join(dirname(fileURLToPath(import.meta.url)), "recorder.js");

// The shell first: the same engine without a browser's windows, for less than half of the CPU.
function chromiumPath() {
  for (const name of ["chromium-headless-shell", "chromium", "google-chrome"]) {
    for (const folder of process.env.PATH.split(delimiter)) {
      const path = join(folder, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {}
    }
  }
  throw new Error("there is no Chromium on PATH: deploy/install --tests installs it");
}

// What a person's page must never do. `faults` is what the test itself breaks.
class Watch {
  #wrong = [];
  #faults = [];
  requests = [];

  constructor(page, origin) {
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") {
        this.#wrong.push(`console: ${message.text()} (${message.location().url})`);
      }
    });
    page.on("pageerror", (error) => this.#wrong.push(`error: ${error.stack ?? error}`));
    page.on("dialog", (dialog) => {
      this.#wrong.push(`dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
    page.on("request", (request) => {
      this.requests.push(request);
      if (new URL(request.url()).origin !== origin) this.#wrong.push(`request to ${request.url()}`);
    });
  }

  // From now on, what matches is no surprise: the test breaks it on purpose.
  expect(pattern) {
    this.#faults.push(pattern);
  }

  surprises() {
    return this.#wrong.filter((what) => !this.#faults.some((pattern) => pattern.test(what)));
  }
}

export class Browser {
  #browser;
  #pages = [];
  #file = basename(process.argv[1]).replace(/\.test\.mjs$/, "");

  static async open(stack) {
    const browser = new Browser();
    browser.stack = stack;
    browser.#browser = await chromium.launch({ executablePath: chromiumPath(), args: flags });
    return browser;
  }

  // A page of a person who has signed in; nobody: of somebody who has not. `options` are
  // Playwright's for a context.
  async person(person, options = {}) {
    const context = await this.#browser.newContext({
      baseURL: this.stack.url,
      viewport: { width: 1280, height: 900 },
      locale: "en-GB",
      timezoneId: "UTC",
      ...options,
    });
    context.setDefaultTimeout(waitMsMax);
    await context.addInitScript({ path: recorder });
    const invoicePage = await this.tab(context);
    if (person) await invoicePage.signIn(person);
    return invoicePage;
  }

  // One more page of the same person.
  async tab(context) {
    const page = await context.newPage();
    const watch = new Watch(page, this.stack.url);
    this.#pages.push({ page, watch });
    return new InvoicePage(page, watch);
  }

  // Keeps a picture of every page that is open, named after the test.
  async takePictures(testName) {
    await mkdir(artifacts, { recursive: true });
    const name = `${this.#file}-${testName.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
    for (const [i, { page }] of this.#pages.entries()) {
      if (!page.isClosed())
        await page.screenshot({ path: join(artifacts, `${name}-${i + 1}.png`) });
    }
  }

  // Closes all pages, and returns what they did that no page may do.
  async closePages() {
    const surprises = [];
    for (const { page, watch } of this.#pages.splice(0)) {
      const record = await page.evaluate(() => window.marginaliaRecord).catch(() => undefined);
      for (const violation of record?.cspViolations ?? []) surprises.push(`CSP: ${violation}`);
      surprises.push(...watch.surprises());
      await page.context().close();
    }
    return surprises;
  }

  async close() {
    await this.#browser.close();
  }
}
