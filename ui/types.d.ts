// Types for the checker alone; Stash never loads this file.
import type * as ReactTypes from "react";

export type Value = string | string[] | null | undefined;
export type Piece = { text: string; only: boolean };
export type Job = {
  id: string;
  status: string;
  description: string;
  progress: number | null;
  startTime: string | null;
};
export type Work = {
  jobs: Job[];
  ended: number;
  acted: number;
  expired: boolean;
  over: string; // the mode of the last job that this page has asked for, once it is over
};
export type PlexPlace = { machine_identifier: string; web_url: string };
export type Read<T> = { data: T | null; error: string; loading: boolean; reload: () => void };
export type PublishedState = {
  version: string;
  at: number;
  waiting: number;
  edits_waiting: number;
  dead_letters: number;
  held: number;
  gaps: number;
  paused_since_at: number | null;
  token_refused: boolean;
  next_due_at: number | null;
  seen_at: number | null;
  tick: boolean;
};
export type ItemPlace = { section: string; rating_key: string; title: string };
export type GapRow = {
  scene_id: string;
  title: string;
  type: string;
  reason: string;
  studio: string;
  library: string;
  path: string;
  candidates?: unknown[];
  updated_at: number | null;
  items: ItemPlace[];
  queued: boolean;
  held: boolean;
  ignored: boolean;
  can_sync: boolean;
};
export type FieldRow = {
  name: string;
  label: string;
  stash: Value;
  plex: Value;
  differs: boolean;
  kept: boolean;
  kind: string;
};
export type Change = {
  library: string;
  rating_key: string;
  item_title: string;
  label: string;
  before: Value;
  after: Value;
  kind?: string;
  why?: string;
  undone?: boolean;
};
export type Run = {
  run_id: string;
  kind: string;
  title: string;
  status: string;
  started_at: number;
  finished_at: number | null;
  text: string;
  items_changed: number;
  can_undo: boolean;
  undone?: boolean;
};
export type SettingRow = {
  key: string;
  label: string;
  help: string;
  kind: string;
  value: unknown;
  default: unknown;
  is_default: boolean;
  is_set?: boolean;
  choices?: string[];
  min?: number;
  max?: number;
  required?: boolean;
  source: string;
};
export type Facet = { name: string; count: number };
export type Point = { at: number; gaps: number; synced: number };

/** What the files of the page share. Parts and views are React components with loose properties. */
export interface Shared {
  api: any;
  React: typeof ReactTypes;
  h: (type: any, props?: any, ...children: any[]) => ReactTypes.ReactElement;
  plugin: string;
  path: string;
  base: () => string;
  address: (view: string, filters?: Record<string, string | number | undefined>) => string;
  plexAddress: (plex: PlexPlace | null | undefined, ratingKey: string) => string;
  attempt: (action: () => void) => boolean;
  views: Record<string, (props: any) => ReactTypes.ReactElement | null>;
  parts: Record<string, any>;
  hooks: {
    useRead: (mode: string, args?: Record<string, unknown>, options?: { skip?: boolean }) => Read<any>;
    useQuery: () => any;
    useFilters: (names: string[]) => any;
    useMessages: () => { say: (text: string) => void; fail: (error: unknown) => void };
    useAction: (done?: () => void, settings?: boolean) => {
      busy: string;
      run: (name: string, action: () => Promise<any>) => Promise<any>;
    };
    useSelection: (shown: string[]) => any;
  };
  work: {
    useWork: () => Work;
    useReloadAfterWork: (reload: () => void) => void;
    useReloadAfterActions: (reload: () => void) => void;
    acted: () => void;
    refresh: () => void;
    start: (mode: string, args?: Record<string, unknown>) => Promise<{ id: string; text: string }>;
  };
  server: {
    ServerError: new (message: string, expired?: boolean) => Error & { expired: boolean };
    graphql: (query: string, variables?: Record<string, unknown>) => Promise<any>;
    operation: (mode: string, args?: Record<string, unknown>) => Promise<any>;
    startTask: (mode: string, args?: Record<string, unknown>) => Promise<string>;
    title: (mode: string) => string;
    jobs: () => Promise<Job[]>;
    taskOf: (job: Job) => string;
    PREFIX: string;
    latestChange: () => Promise<string>;
    publishedState: () => Promise<PublishedState | null>;
    forgetConfiguration: () => void;
  };
  text: {
    count: (n: number) => string;
    plural: (n: number, one: string, many?: string) => string;
    ago: (at: number | null | undefined, now?: number) => string;
    moment: (at: number | null | undefined) => string;
    duration: (seconds: number) => string;
    entries: (value: Value) => string[];
    listDifference: (left: string[], right: string[]) => [Piece[], Piece[]];
    textDifference: (left: string, right: string) => [Piece[], Piece[]];
    sentence: (error: unknown) => string;
    asSentence: (said: string | null | undefined) => string;
    nameOf: (row: { scene_id: string; title?: string }) => string;
  };
  chart: { layout: (points: Point[], width: number, height: number) => any; Chart: any };
  tick: any;
}

declare global {
  interface Window {
    PluginApi: any;
    stash2plex: Shared;
  }
}
