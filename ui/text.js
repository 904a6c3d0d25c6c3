// @ts-check
// Pure: how numbers, times and differences are put into words.
(function () {
  "use strict";
  const s2p = window.stash2plex;
  if (!s2p) return;

  const STEPS = /** @type {[number, string, string][]} */ ([
    [60, "second", "seconds"],
    [60, "minute", "minutes"],
    [24, "hour", "hours"],
    [30, "day", "days"],
    [12, "month", "months"],
    [Infinity, "year", "years"],
  ]);

  /** @param {number} n */
  const count = (n) => n.toLocaleString("en-US");

  /**
   * "1 scene", "2,000 scenes".
   * @param {number} n
   * @param {string} one
   * @param {string} [many]
   */
  const plural = (n, one, many) => `${count(n)} ${n === 1 ? one : many || one + "s"}`;

  /**
   * "3 minutes ago", "in 2 hours", "just now"; "never" for nothing.
   * @param {number | null | undefined} at epoch seconds
   * @param {number} [now] epoch seconds
   */
  function ago(at, now) {
    if (at === null || at === undefined) return "never";
    const delta = (now === undefined ? Date.now() / 1000 : now) - at;
    let amount = Math.abs(delta);
    if (amount < 5) return "just now";
    for (const [size, one, many] of STEPS) {
      if (amount < size || size === Infinity) {
        const whole = Math.floor(amount);
        const words = `${whole} ${whole === 1 ? one : many}`;
        return delta >= 0 ? `${words} ago` : `in ${words}`;
      }
      amount /= size;
    }
    return "";
  }

  /** @param {number | null | undefined} at epoch seconds */
  const moment = (at) =>
    at === null || at === undefined ? "" : new Date(at * 1000).toLocaleString();

  /**
   * How long something took.
   * @param {number} seconds
   */
  function duration(seconds) {
    if (seconds < 1) return "less than 1 s";
    const whole = Math.round(seconds);
    if (whole < 60) return `${whole} s`;
    const minutes = Math.floor(whole / 60);
    if (minutes < 60) return `${minutes} min ${whole % 60} s`;
    return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  }

  /**
   * A value of a field as a list of entries; an empty one has none.
   * @param {import("./types").Value} value
   * @returns {string[]}
   */
  function entries(value) {
    if (value === null || value === undefined || value === "") return [];
    if (Array.isArray(value)) return value.map(String);
    return [String(value)];
  }

  /**
   * Which entries of two lists are on one side only; each side keeps its own order.
   * @param {string[]} left
   * @param {string[]} right
   * @returns {[import("./types").Piece[], import("./types").Piece[]]}
   */
  function listDifference(left, right) {
    /** @param {string[]} rows @param {string[]} others */
    const marked = (rows, others) => {
      const known = new Set(others);
      return rows.map((text) => ({ text, only: !known.has(text) }));
    };
    return [marked(left, right), marked(right, left)];
  }

  const MOST_WORDS = 400; // of a text; beyond, all of it is marked

  /**
   * Two texts in pieces, those marked that the other does not have at that place.
   * @param {string} left
   * @param {string} right
   * @returns {[import("./types").Piece[], import("./types").Piece[]]}
   */
  function textDifference(left, right) {
    const a = left.split(/(\s+)/);
    const b = right.split(/(\s+)/);
    if (left === right) return [[{ text: left, only: false }], [{ text: right, only: false }]];
    if (a.length > MOST_WORDS || b.length > MOST_WORDS) {
      return [[{ text: left, only: true }], [{ text: right, only: true }]];
    }
    const common = longestCommon(a, b);
    return [pieces(a, common.left), pieces(b, common.right)];
  }

  /**
   * The places of a longest common subsequence.
   * @param {string[]} a
   * @param {string[]} b
   */
  function longestCommon(a, b) {
    const width = b.length + 1;
    const table = new Uint16Array((a.length + 1) * width);
    for (let i = a.length - 1; i >= 0; i--) {
      for (let j = b.length - 1; j >= 0; j--) {
        const diagonal = table[(i + 1) * width + j + 1] + 1;
        const best = Math.max(table[(i + 1) * width + j], table[i * width + j + 1]);
        table[i * width + j] = a[i] === b[j] ? diagonal : best;
      }
    }
    const left = new Set();
    const right = new Set();
    for (let i = 0, j = 0; i < a.length && j < b.length; ) {
      if (a[i] === b[j]) {
        left.add(i++);
        right.add(j++);
      } else if (table[(i + 1) * width + j] >= table[i * width + j + 1]) i++;
      else j++;
    }
    return { left, right };
  }

  /**
   * @param {string[]} words
   * @param {Set<number>} common
   * @returns {import("./types").Piece[]}
   */
  function pieces(words, common) {
    /** @type {import("./types").Piece[]} */
    const found = [];
    words.forEach((text, place) => {
      const only = !common.has(place);
      const last = found[found.length - 1];
      if (last && last.only === only) last.text += text;
      else found.push({ text, only });
    });
    return found.filter((piece) => piece.text !== "");
  }

  /** A reason as a sentence. @param {string | null | undefined} said */
  const asSentence = (said) =>
    said ? said[0].toUpperCase() + said.slice(1) + (/[.!?]$/.test(said) ? "" : ".") : "";

  /** What a scene is called where nobody knows its title.
   * @param {{scene_id: string, title?: string}} row
   */
  const nameOf = (row) => row.title || `Scene ${row.scene_id}`;

  /** An error as a sentence. @param {unknown} error */
  const sentence = (error) => asSentence(error instanceof Error ? error.message : String(error));

  Object.assign(s2p, {
    text: {
      count,
      plural,
      ago,
      moment,
      duration,
      entries,
      listDifference,
      textDifference,
      sentence,
      asSentence,
      nameOf,
    },
  });
})();
