// Draws the sandbox at a glance and looks again every second. What comes from the game becomes text,
// never markup.

const EVERY = 1000;
const PATIENCE = 5000;

const part = (id) => document.getElementById(id);
const choices = ["board", "cycle", "within"];
let choice = new URLSearchParams(location.search);
let latest = 0;
let timer;
let drawn = false;

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/**
 * Gives `parent` one child for each item, and leaves alone those that show the same as before;
 * where there are no items, the one that `none` makes.
 */
function fill(parent, items, key, draw, none) {
  if (!items.length) return fill(parent, ["none"], String, none);
  const before = new Map([...parent.children].map((child) => [child.key, child]));
  let place = null;
  for (const item of items) {
    const [name, shown] = [key(item), JSON.stringify(item)];
    let child = before.get(name);
    if (child?.shown === shown) {
      before.delete(name);
    } else {
      child = Object.assign(draw(item), { key: name, shown });
      if (drawn) child.classList.add("new");
    }
    const next = place ? place.nextSibling : parent.firstChild;
    if (child !== next) parent.insertBefore(child, next);
    place = child;
  }
  for (const child of before.values()) child.remove();
}

const emptyItem = (text) => () => element("li", { className: "empty", textContent: text });
const emptyRow = (text) => () =>
  element("tr", {}, element("td", { className: "empty", colSpan: 3, textContent: text }));

function outOf(shown, total, what) {
  return shown < total ? `${shown} of ${count(total)} ${what}` : `${count(total)} ${what}`;
}

const count = (number) => number.toLocaleString("en");

// Scores travel as text: they may be infinite or longer than a number of this language.
const score = (text) => text.replace("Infinity", "∞");

function player({ id, alias, scores }) {
  const of = (...types) => scores.filter(({ metric }) => types.includes(metric.type));
  const named = alias === id ? [] : [element("span", { className: "id", textContent: id })];
  const card = element("li", {},
    element("div", { className: "card-head" }, element("h3", { textContent: alias }), ...named));
  card.append(...of("state").map((state) => level(state, scores)));
  const numbers = of("point", "compound").map(({ metric, value }) =>
    element("div", {}, element("dt", { textContent: metric.name }),
      element("dd", { textContent: score(value) })));
  if (numbers.length) card.append(element("dl", {}, ...numbers));
  card.append(...of("set").filter(({ value }) => value.length).map(items));
  if (!scores.length) card.append(element("p", { className: "note", textContent: "No scores yet" }));
  return card;
}

function level({ metric, value, meta }, scores) {
  const next = meta?.next ? `${metric.name} · next: ${meta.next}` : metric.name;
  const shown = element("div", { className: "level" },
    element("div", {}, element("b", { textContent: value.name }),
      element("span", { className: "note", textContent: next })));
  const base = scores.find((other) => other.metric.id === meta?.base_metric.id);
  const [low, high] = [Number(meta?.low), Number(meta?.high)];
  if (base && high > low && high < Infinity) {
    const way = element("progress", { max: high - low, value: Math.max(0, base.value - low) });
    way.setAttribute("aria-label", `Way to ${meta.next}`);
    shown.append(way);
  }
  return shown;
}

function items({ metric, value }) {
  const list = element("ul", { className: "items" }, ...value.map((item) =>
    element("li", { textContent: item.count === "1" ? item.name : `${item.name} ×${item.count}` })));
  list.setAttribute("aria-label", metric.name);
  return list;
}

function ranking({ boards, ranking }) {
  const board = boards.find(({ id }) => id === ranking?.board);
  const options = {
    board: boards,
    cycle: (board?.cycles ?? []).map((cycle) => ({ id: cycle, name: cycle })),
    within: ranking?.within ?? [],
  };
  for (const name of choices) select(name, options[name], ranking?.chosen[name]);
  part("entity").textContent = board?.entity === "team" ? "Team" : "Player";
  part("metric").textContent = board?.metric ?? "Score";
  const rows = ranking?.rows ?? [];
  part("board-note").textContent = ranking ? outOf(rows.length, ranking.total, "ranked") : "";
  fill(part("board-rows"), rows, ({ id }) => id, row,
    emptyRow(board ? "Nobody has earned anything here." : "The game has no leaderboard."));
}

function select(name, options, chosen) {
  const shown = part(`${name}-choice`);
  shown.parentElement.hidden = options.length < (name === "within" ? 1 : 2);
  const fresh = JSON.stringify(options);
  // An open list stays open: it is made anew only if there is something else to choose.
  if (shown.fresh !== fresh) {
    shown.replaceChildren(...options.map(({ id, name }) => new Option(name, id)));
    shown.fresh = fresh;
  }
  shown.value = chosen ?? "";
}

function row({ rank, name, score: earned, share }) {
  const who = element("th", { scope: "row", className: "who" }, element("span", { className: "name", textContent: name }));
  if (share !== null) {
    const bar = element("meter", { min: 0, max: 1, value: share });
    bar.setAttribute("aria-hidden", "true");
    who.append(bar);
  }
  return element("tr", { className: rank === 1 ? "first" : "" },
    element("td", { className: "rank", textContent: rank }), who,
    element("td", { className: "number", textContent: score(earned) }));
}

const KINDS = {
  action: "played", progress: "played", resolution: "played",
  level: "earned", achievement: "earned", custom_rule: "earned", score: "earned",
};

function event({ kind, at, who, text, reverted }) {
  // What a score was and is stays on one line.
  const told = text.replaceAll(" → ", "\u00a0→\u00a0");
  const sentence = element("span", {}, element("strong", { textContent: who }), ` ${told}`);
  const when = element("time", { dateTime: at, title: at });
  const className = `${KINDS[kind] ?? "met"}${reverted ? " reverted" : ""}`;
  const taken = reverted ? [element("em", { textContent: " taken back" })] : [];
  return element("li", { className }, element("div", {}, sentence, ...taken), when);
}

function request({ method, path, query, status, at, error, length, answer }, zone) {
  const names = query.length ? `?${query.join("&")}` : "";
  const time = element("time", { dateTime: at, title: at });
  time.textContent = new Date(at).toLocaleTimeString("en-GB", { timeZone: zone });
  const named = error ? [" · ", element("b", { className: "error", textContent: error })] : [];
  const shown = answer ? [element("pre", { textContent: answer })] : [];
  // A long path breaks at its slashes.
  const segments = path.split(/(?=\/)/).flatMap((segment) => [element("wbr"), segment]);
  return element("tr", {},
    element("td", { className: `method ${method}`, textContent: method }),
    element("td", { className: "path" }, element("details", {},
      element("summary", {}, ...segments, element("span", { className: "query", textContent: names })),
      element("p", { className: "note" }, time, ...named, ` · ${count(length)} bytes`),
      ...shown)),
    element("td", { className: `number status s${Math.floor(status / 100)}` },
      element("b", { textContent: status })));
}

function clock({ now, zone }) {
  const at = new Date(now);
  const style = { timeZone: zone, dateStyle: "medium", timeStyle: "medium" };
  const text = at.toLocaleString("en-GB", style);
  const ahead = at - Date.now();
  part("clock").replaceChildren(element("time", { dateTime: now, textContent: text }), ` ${zone}`,
    ahead < 60_000 ? "" : element("b", { textContent: ` ${span(ahead)} ahead` }));
  for (const time of part("feed-list").querySelectorAll("time")) {
    const passed = at - new Date(time.dateTime);
    const text = passed < 60_000 ? "now" : `${span(passed)} ago`;
    if (time.textContent !== text) time.textContent = text;
  }
}

const STEPS = [["d", 86_400_000], ["h", 3_600_000], ["min", 60_000]];

function span(milliseconds) {
  const [name, length] = STEPS.find(([, length]) => milliseconds >= length) ?? STEPS.at(-1);
  return `${count(Math.floor(milliseconds / length))} ${name}`;
}

function draw(glance) {
  const { title, players, events, requests } = glance;
  part("title").textContent = title;
  document.title = `${title} · Playoff sandbox`;
  part("players-note").textContent = outOf(players.rows.length, players.total, "players");
  fill(part("player-list"), players.rows, ({ id }) => id, player, emptyItem("No player yet."));
  ranking(glance);
  part("feed-note").textContent = outOf(events.rows.length, events.total, "events");
  fill(part("feed-list"), events.rows, ({ id }) => id, event, emptyItem("Nothing happened yet."));
  part("requests-note").textContent = outOf(requests.rows.length, requests.total, "requests");
  fill(part("request-rows"), requests.rows, ({ number }) => number,
    (row) => request(row, glance.zone), emptyRow("No request yet."));
  clock(glance);
  // Whoever listens hears what is new, not the whole past.
  if (!drawn) part("feed-log").setAttribute("aria-live", "polite");
  drawn = true;
}

function say(gone) {
  document.body.classList.toggle("gone", gone);
  const past = drawn ? " This is how it was last seen." : "";
  const text = gone ? `The sandbox does not answer.${past}` : "Live";
  // Said again, it would be read out again.
  if (part("state").textContent !== text) part("state").textContent = text;
}

async function look() {
  clearTimeout(timer);
  const turn = ++latest;
  let glance;
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    const answer = await fetch(`/sandbox/glance?${choice}`, { cache: "no-store", signal });
    if (answer.ok) glance = await answer.json();
  } catch {
    // Gone, or not the sandbox any more: said below.
  }
  // Something else was chosen meanwhile, and is being looked at.
  if (turn !== latest) return;
  if (!document.hidden) timer = setTimeout(look, EVERY);
  say(!glance);
  if (glance) draw(glance);
}

document.addEventListener("visibilitychange", () => document.hidden ? clearTimeout(timer) : look());

document.querySelector(".choice").addEventListener("change", ({ target }) => {
  if (target.name === "board") choice = new URLSearchParams();
  choice.set(target.name, target.value);
  history.replaceState(null, "", `?${choice}`);
  look();
});

look();
