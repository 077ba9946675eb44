// Keys that lead to places on the page, listed under "?". Whoever writes, types.
import { element } from "./comment_node.ts";

export function postingKeys(): string {
  return /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘ Enter" : "Ctrl+Enter";
}

// A key, what it does in words, and how; one without that is another's to do.
export type Shortcut = readonly [key: string, meaning: string, act?: () => void];

export function followShortcuts(own: readonly Shortcut[]): void {
  const shortcuts: readonly Shortcut[] = [
    ...own,
    ["?", "Show these keys", () => list.showModal()],
    ["Esc", "Close what is open"],
  ];
  const list = dialogOf(shortcuts);
  const actions = new Map(shortcuts.map(([key, , act]) => [key, act]));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const act = actions.get(event.key);
    if (act === undefined || isWriting(event.target)) return;
    event.preventDefault();
    act();
  });
}

function isWriting(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, textarea, select, dialog") !== null;
}

function dialogOf(keys: readonly Shortcut[]): HTMLDialogElement {
  const dialog = element("dialog", "");
  dialog.id = "shortcuts";
  dialog.setAttribute("aria-label", "Keyboard shortcuts");
  const list = element("dl", "");
  for (const [key, meaning] of keys) {
    list.append(element("dt", "", element("kbd", "", key)), element("dd", "", meaning));
  }
  const form = element("form", "", element("button", "action", "Close"));
  form.method = "dialog";
  dialog.append(list, form);
  document.body.append(dialog);
  return dialog;
}
