// What a copy of the portal does without its program: finds datasets in files that the copy has, and reads further rows
// of a table out of its Parquet file. Everything else on a page is as the program wrote it.

const said = JSON.parse(document.querySelector('meta[name="opendata-mirror"]').content);
const ASKED = location.pathname.replace(/(.)\/(index\.html)?$/, "$1");
const HERE = said.prefix && ASKED.startsWith(`${said.prefix}/`) ? ASKED.slice(said.prefix.length) : ASKED;
const LANGUAGE = document.documentElement.lang.split("-")[0];
const FOLDER = "/mirror/search";
const SHOWN = 20;
const ROWS = 50;
const CHINESE = "\\u3400-\\u9fff\\u{20000}-\\u{323af}";
const RUNS = new RegExp(`[${CHINESE}々〇]+|(?:(?![${CHINESE}])[\\p{L}\\p{N}])+`, "gu");
const IS_CHINESE = new RegExp(`^[${CHINESE}々〇]`, "u");

const say = (name, values = {}) => said.texts[name].replace(/%\((\w+)\)s/g, (all, key) => values[key] ?? all);
const make = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};
const read = async (path) => {
  const answer = await fetch(`${FOLDER}/${path}`);
  if (!answer.ok) throw new Error(path);
  return answer;
};

// Words ----------------------------------------------------------------------------------------------------------

export async function fold(text) {
  const folded = text.normalize("NFKC").toLowerCase();
  if (!/[\u3400-\ufaff]/.test(folded)) return folded;
  const simple = await (await read("simple.json")).json();
  return [...folded].map((character) => simple[character] ?? character).join("");
}

export function listTerms(folded) {
  const found = [];
  for (const [run] of folded.matchAll(RUNS)) {
    const characters = [...run];
    if (!IS_CHINESE.test(run) || characters.length === 1) found.push(cutPlural(run));
    else for (let place = 0; place + 1 < characters.length; place++) found.push(characters[place] + characters[place + 1]);
  }
  return [...new Set(found)];
}

const cutPlural = (word) => (/^[\x00-\x7f]{3,}s$/.test(word) && !word.endsWith("ss") ? word.slice(0, -1) : word);

export function hashWord(word) {
  let found = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(word)) found = Math.imul(found ^ byte, 0x01000193) >>> 0;
  return found;
}

export function readList(data, wanted) {
  let place = 0;
  const number = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = data[place++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (place < data.length) {
    const length = number();
    const word = new TextDecoder().decode(data.subarray(place, (place += length)));
    const end = number() + place;
    if (word !== wanted) {
      place = end;
      continue;
    }
    const items = [];
    for (let document = -1; place < end; ) {
      const item = number();
      document += Math.floor(item / 8);
      items.push([document, item % 8]);
    }
    return items;
  }
  return [];
}

// The datasets that have all words, best first; or, where none has, those that have some.
export async function search(text) {
  const words = listTerms(await fold(text));
  const { shards, documents } = await (await read("index.json")).json();
  const scores = new Map();
  await Promise.all(
    words.map(async (word) => {
      const data = new Uint8Array(await (await read(`shards/${hashWord(word) % shards}.bin`)).arrayBuffer());
      const items = readList(data, word);
      const rarity = Math.log(1 + documents / Math.max(1, items.length));
      for (const [document, weight] of items) {
        const [count, score] = scores.get(document) ?? [0, 0];
        scores.set(document, [count + 1, score + weight * rarity]);
      }
    }),
  );
  const all = [...scores].filter(([, [count]]) => count === words.length);
  const found = all.length ? all : [...scores];
  found.sort(([one, [few, low]], [other, [many, high]]) => many - few || high - low || one - other);
  return { found: found.map(([document]) => document), isExact: all.length > 0 };
}

// The list of datasets ---------------------------------------------------------------------------------------------

const pick = (texts, name) => texts[LANGUAGE]?.[name] || texts[""]?.[name] || Object.values(texts)[0]?.[name] || "";

async function showCard(number) {
  const card = await (await read(`cards/${Math.floor(number / 100)}/${number}.json`)).json();
  const publisher = card.publisher[LANGUAGE] || card.publisher[""];
  return make(
    "article",
    { className: "card" },
    make("h2", { className: "card-title" }, make("a", { href: `${said.prefix}/datasets/${card.id}` }, pick(card.texts, "title") || card.id)),
    make("p", { className: "excerpt" }, pick(card.texts, "description")),
    make("p", { className: "facts" }, make("span", {}, publisher), make("span", {}, say("updated", { day: card.modified }))),
  );
}

async function showFound(text) {
  const main = document.querySelector("main");
  const list = main.querySelector(".list") ?? main.querySelector(".wrap:last-child").appendChild(make("div", { className: "list" }));
  for (const box of document.querySelectorAll("input[data-search]")) box.value = text;
  const status = main.querySelector("[role=status]") ?? list.parentElement.insertBefore(make("p"), list);
  status.setAttribute("role", "status");
  let result;
  try {
    result = await search(text);
  } catch {
    status.textContent = say("failed");
    return;
  }
  for (const other of main.querySelectorAll(".facets, form.filter, .choices, .pager, .only-narrow")) other.remove();
  const { found, isExact } = result;
  status.textContent = say("found", { count: found.length });
  list.replaceChildren();
  if (!found.length) list.append(make("p", { className: "empty" }, say("nothing")));
  else if (!isExact) list.before(make("p", { className: "note" }, say("some")));
  const more = make("button", { type: "button" }, say("next"));
  const pager = make("nav", { className: "pager" }, more);
  const show = async (start) => {
    list.append(...(await Promise.all(found.slice(start, start + SHOWN).map(showCard))));
    if (start + SHOWN >= found.length) pager.remove();
    more.onclick = () => show(start + SHOWN);
  };
  list.after(pager);
  await show(0);
}

// Rows of a table --------------------------------------------------------------------------------------------------


function write(value, type, scale) {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) {
    const [day, time] = value.toISOString().split("T");
    return type === "DATE" ? day : `${day}T${time.replace(/\.000Z$/, "").replace(/Z$/, "")}`;
  }
  if (typeof value === "number" && scale !== undefined) return value.toFixed(scale);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

async function openRows(frame) {
  const address = `${HERE}.parquet`;
  const probe = await fetch(address, { headers: { Range: "bytes=0-3" } });
  if (probe.status !== 206) return; // the server sends whole files: the first rows are on the page
  const size = Number(probe.headers.get("Content-Range")?.split("/")[1]);
  if (!size) return;
  const [parquet, { decompress }] = await Promise.all([
    import("/mirror/parquet/hyparquet/index.js"),
    import("/mirror/parquet/fzstd.js"),
  ]);
  const file = {
    byteLength: size,
    slice: async (start, end = size) =>
      (await fetch(address, { headers: { Range: `bytes=${start}-${end - 1}` } })).arrayBuffer(),
  };
  const metadata = await parquet.parquetMetadataAsync(file);
  const columns = metadata.schema.slice(1);
  const heads = [...frame.querySelectorAll("thead th:not(.row-number)")];
  const total = Number(metadata.num_rows);
  if (heads.length !== columns.length || total <= ROWS) return;
  const hasNumbers = frame.querySelector("thead .row-number") !== null;
  const classes = [...(frame.querySelector("tbody tr")?.querySelectorAll("td") ?? [])].map((cell) => cell.className);
  const body = frame.querySelector("tbody");
  const place = make("p", { className: "small" });
  place.setAttribute("role", "status");
  const previous = make("button", { type: "button", id: "rows-previous" }, say("previous"));
  const next = make("button", { type: "button", id: "rows-next" }, say("next"));
  const show = async (start) => {
    const end = Math.min(start + ROWS, total);
    const rows = await parquet.parquetReadObjects({
      ...{ file, metadata, rowStart: start, rowEnd: end },
      compressors: { ZSTD: (input, length) => decompress(input, new Uint8Array(length)) },
    });
    body.replaceChildren(
      ...rows.map((row, index) => {
        const cells = columns.map((column, position) => {
          const text = write(row[column.name], column.converted_type, column.scale);
          const cell = make("td", { className: classes[position] ?? "" });
          cell.append(text === null ? make("span", { className: "missing" }, say("missing")) : text);
          return cell;
        });
        const number = make("th", { scope: "row", className: "number row-number" }, String(start + index + 1));
        return make("tr", {}, ...(hasNumbers ? [number] : []), ...cells);
      }),
    );
    place.textContent = say("rows", { first: start + 1, last: end, all: total });
    previous.disabled = start === 0;
    next.disabled = end === total;
    previous.onclick = () => show(Math.max(0, start - ROWS));
    next.onclick = () => show(end);
  };
  const foot = document.querySelector(".grid-foot");
  foot.replaceChildren(make("nav", { className: "pager" }, previous, next), place);
  previous.disabled = true;
  next.onclick = () => show(ROWS);
  place.textContent = say("rows", { first: 1, last: ROWS, all: total });
  return show;
}

// Somebody may press the link to the next page before the file is open. Where it can't be opened, the link is followed.
function prepareRows(frame) {
  const opened = openRows(frame).catch(() => undefined);
  const link = document.querySelector('.grid-foot .pager a[rel~="next"]');
  link?.addEventListener("click", async (event) => {
    event.preventDefault();
    const show = await opened;
    if (show) show(ROWS);
    else location.assign(link.href);
  });
}

// ------------------------------------------------------------------------------------------------------------------

// An address of the portal may name a language. A web server can look at that; an object store doesn't.
const query = new URLSearchParams(location.search);
const prefix = said.languages?.[query.get("lang")];
if (prefix !== undefined && prefix !== said.prefix) {
  query.delete("lang");
  location.replace(`${prefix}${HERE === said.prefix ? "/" : HERE}${query.toString() && `?${query}`}${location.hash}`);
}

const wanted = new URLSearchParams(location.search).get("q")?.trim();
if (HERE.replace(/\/$/, "") === "/datasets" && wanted) showFound(wanted.slice(0, 200));

for (const frame of document.querySelectorAll("[data-grid]")) prepareRows(frame);

const live = document.querySelector("#live a");
const behind = decodeURI(location.hash.slice(1));
if (live && /^\/(?![/\\])/.test(behind)) {
  live.href = said.live + behind;
  live.textContent = say("here");
}
