// The invoice page as a person sees and uses it.
import assert from "node:assert/strict";
import { until } from "./await.mjs";

const stepsMax = 400;
const clockStepMs = 1_000;

export class InvoicePage {
  constructor(page, watch) {
    this.page = page;
    this.watch = watch;
  }

  // `person` is such as dana, or mallory@rivalworks.
  async signIn(person) {
    const value = person.includes("@") ? person : `${person}@northlight`;
    await this.page.goto("/sign-in?next=%2Finvoices");
    await this.page.locator(`button[name=person][value="${value}"]`).click();
    await this.page.waitForURL("**/invoices");
  }

  // Opens an invoice and waits until its thread is live, by a stream of its own or by another window's.
  async open(invoice, query = "") {
    const stream = this.page.waitForResponse((answer) => isStream(answer.url()));
    stream.catch(() => {});
    const answer = await this.page.goto(invoice.path + query);
    await this.#follows(stream);
    return answer;
  }

  // Goes somewhere by itself, such as by reload or back, and waits in the same way.
  async come(how) {
    const stream = this.page.waitForResponse((answer) => isStream(answer.url()));
    stream.catch(() => {});
    await how();
    await this.#follows(stream);
  }

  async #follows(stream) {
    const shared = this.page.locator("#live:not([hidden])").waitFor();
    shared.catch(() => {});
    await Promise.race([stream, shared]);
  }

  // The comment that is under the bar, and how far from the window's top it is.
  async readingPlace() {
    return this.page.evaluate(() => {
      const bar = document.querySelector(".top").getBoundingClientRect().bottom;
      const read = [...document.querySelectorAll("#comments > .comment")].find(
        (item) => item.getBoundingClientRect().bottom > bar,
      );
      return { id: read?.id, top: Math.round(read?.getBoundingClientRect().top ?? 0) };
    });
  }

  // Waits until the stream is open again.
  async reconnected(msMax) {
    await this.page.waitForResponse((answer) => isStream(answer.url()) && answer.ok(), {
      timeout: msMax,
    });
  }

  get body() {
    return this.page.locator("#comment-body");
  }

  comment(text) {
    return this.page.locator("#comments > .comment").filter({ hasText: text });
  }

  async write(text) {
    await this.body.fill(text);
  }

  async send() {
    await this.page.locator("#comment-form button[type=submit]").click();
  }

  async post(text) {
    await this.write(text);
    await this.send();
  }

  // Posts, and waits until the comment is confirmed.
  async postConfirmed(text) {
    await this.post(text);
    await this.comment(text).and(this.page.locator(":not(.pending)")).waitFor();
  }

  // [{id, sequence, pending, author, body}], as shown.
  async comments() {
    return this.page.locator("#comments > .comment").evaluateAll((items) =>
      items.map((item) => ({
        id: item.id.replace(/^comment-/, ""),
        sequence: Number(item.dataset.sequence ?? 0),
        pending: item.classList.contains("pending"),
        author: item.querySelector(".author")?.textContent,
        body: item.querySelector(".body")?.textContent,
      })),
    );
  }

  // What the places that count the comments say, of which there is one.
  async counts() {
    return this.page.locator("[data-comment-count]").allTextContents();
  }

  // All states that the page has been in since it was loaded.
  async states() {
    const states = await this.page.evaluate(() => window.marginaliaRecord.states);
    return states.filter((state) => state.complete);
  }

  // From here on each page is drawn whole before its script comes. Otherwise a slow machine may draw half
  // of it, and its rest moves that, whatever the page does.
  async paintBeforeScript() {
    await this.page.route("**/assets/leaf*", async (route) => {
      await this.page.evaluate(() => window.marginaliaRecord.painted());
      await route.continue();
    });
  }

  // What has moved since the page was drawn, without anybody's doing.
  async shifts() {
    return this.page.evaluate(() => {
      const { paintedAt, shifts } = window.marginaliaRecord;
      if (paintedAt === undefined) throw new Error("nobody waited until the page was drawn");
      return shifts.filter(({ at }) => at >= paintedAt);
    });
  }

  async error() {
    return (await this.page.locator("#comment-error").textContent()).trim();
  }

  // The comments that were not posted: [{body, why}], the newest first.
  async unsent() {
    return this.page.locator("#unsent > li").evaluateAll((items) =>
      items.map((item) => ({
        body: item.querySelector(".body").textContent,
        why: item.querySelector(".error").textContent,
      })),
    );
  }

  // Waits until there is one, and returns it.
  async failed() {
    return until("a comment that was not posted", async () => (await this.unsent())[0]);
  }

  // Presses a button beside the first of them, such as "Post again".
  async press(label) {
    await this.page.locator("#unsent > li").first().getByRole("button", { name: label }).click();
  }

  // The requests so far whose method and path with query match.
  requests(pattern) {
    const said = this.watch.requests.map((request) => {
      const url = new URL(request.url());
      return `${request.method()} ${url.pathname}${url.search}`;
    });
    return said.filter((line) => pattern.test(line));
  }

  // From now on the page's time can be moved on by passTimeUntil. To be called before it is opened.
  async takeClock() {
    await this.page.clock.install();
  }

  // Lets the page's time pass, faster than ours, until `probe` gives something true.
  async passTimeUntil(what, probe) {
    return until(what, async () => {
      await this.page.clock.runFor(clockStepMs);
      return probe();
    });
  }

  // Turns the wheel by `pixels` at a time until `probe` gives something true.
  async scrollUntil(what, pixels, probe) {
    await this.page.mouse.move(900, 500);
    for (let step = 0; step < stepsMax; step += 1) {
      const found = await probe();
      if (found) return found;
      await this.page.mouse.wheel(0, pixels);
      // The wheel's effect comes with a frame, and is told with the next.
      await this.page.evaluate(() => window.marginaliaRecord.twoFrames());
    }
    throw new Error(`not within ${stepsMax} turns of the wheel: ${what}`);
  }

  async scrollToOldest() {
    await this.scrollUntil("the oldest comment", 800, async () =>
      this.page.evaluate(
        () => document.querySelector('#comments > .comment[data-sequence="1"]') !== null,
      ),
    );
  }

  async scrollToNewest() {
    await this.scrollUntil("the newest comment", -800, async () =>
      this.page.evaluate(() => window.scrollY === 0 && !document.querySelector("#newer")),
    );
  }
}

export function isStream(url) {
  return new URL(url).pathname.endsWith("/events");
}

// Every list that was ever shown: newest first, nothing twice.
export function assertInOrder(states) {
  assert.ok(states.length > 0, "nothing was recorded");
  for (const { items } of states) {
    const ids = items.map((item) => item.id);
    assert.equal(new Set(ids).size, ids.length, `one comment twice: ${ids}`);
    const sequences = confirmedSequences(items);
    const sorted = [...sequences].sort((a, b) => b - a);
    assert.deepEqual(sequences, sorted, "not newest first");
  }
}

// The same, and nothing between two of them was missing.
export function assertWithoutGap(states) {
  assertInOrder(states);
  for (const { items } of states) {
    const sequences = confirmedSequences(items);
    const next = sequences.map((sequence) => sequence - 1).slice(0, -1);
    assert.deepEqual(sequences.slice(1), next, "there is a gap");
  }
}

function confirmedSequences(items) {
  return items.filter((item) => !item.pending).map((item) => item.sequence);
}

// Once shown, the comment never went away.
export function assertNoFlicker(states, id) {
  const shown = states.map(({ items }) => items.some((item) => item.id === `comment-${id}`));
  const first = shown.indexOf(true);
  assert.notEqual(first, -1, `${id} was never shown`);
  assert.ok(!shown.slice(first).includes(false), `${id} went away in between`);
}

// The count was never less than what the list held. Those that are removed, so many in the whole
// thread, have places and are not counted.
export function assertCountsAgree(states, removed = 0) {
  assert.ok(states.length > 0, "nothing was recorded");
  for (const { items, count } of states) {
    const pending = items.filter((item) => item.pending).length;
    const newest = Math.max(0, ...items.map((item) => item.sequence));
    assert.ok(
      count + removed >= newest + pending,
      `${count} counted, ${newest} + ${pending} shown`,
    );
  }
}
