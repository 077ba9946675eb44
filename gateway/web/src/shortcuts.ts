// Keys that lead to places on the page, listed under "?". Whoever writes, types.
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
  const dialog = document.createElement("dialog");
  dialog.id = "shortcuts";
  dialog.setAttribute("aria-label", "Keyboard shortcuts");
  const list = document.createElement("dl");
  for (const [key, meaning] of keys) {
    const term = document.createElement("dt");
    const name = document.createElement("kbd");
    name.textContent = key;
    term.append(name);
    const description = document.createElement("dd");
    description.textContent = meaning;
    list.append(term, description);
  }
  const form = document.createElement("form");
  form.method = "dialog";
  const close = document.createElement("button");
  close.className = "action";
  close.textContent = "Close";
  form.append(close);
  dialog.append(list, form);
  document.body.append(dialog);
  return dialog;
}
