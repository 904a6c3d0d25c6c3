// What Stash runs in its own process when a scene was made or edited: no process is started where
// Sync Changes waits in Stash's queue, since that finds the scene by Stash's own times and ids when
// it begins, nor where the setting 'enabled' is off. Else the plugin's hook is called, which notes
// the scene and has Sync Changes queued.
// ES5 alone. No log.Progress: in a hook Stash would wait for it for ever.
(function () {
  "use strict";
  var PLUGIN = "Stash2Plex";
  var QUEUE = "query { jobQueue { status description } }";
  var SETTINGS = 'query { configuration { plugins(include: ["Stash2Plex"]) } }';
  var NOTE =
    "mutation($plugin: ID!, $args: Map) { runPluginOperation(plugin_id: $plugin, args: $args) }";

  function isWaiting() {
    var jobs = gql.Do(QUEUE).jobQueue || [];
    for (var i = 0; i < jobs.length; i++) {
      var told = String(jobs[i].description);
      if (jobs[i].status === "READY" && told === "Running plugin task: Sync Changes") return true;
    }
    return false;
  }

  // Then no task does anything, and the first one that does finds the scene as well.
  function isSwitchedOff() {
    var settings = gql.Do(SETTINGS).configuration.plugins[PLUGIN];
    return Boolean(settings) && settings.enabled === false;
  }

  // A scan that finds a file moved or changed leaves no trace in the times of the scene.
  function leavesTrace(context) {
    return context.type !== "Scene.Update.Post" || isEdit(context);
  }

  function isEdit(context) {
    return context.input !== null && context.input !== undefined;
  }

  function note(context) {
    var cookie = input.ServerConnection.SessionCookie;
    var args = {
      // What was sent can be megabytes; that something was is enough.
      hookContext: { id: context.id, type: context.type, input: isEdit(context) ? {} : null },
      // Stash takes calls from here for nobody's: they need the cookie of the user.
      quick: leavesTrace(context) ? "yes" : "no",
      session: cookie ? { Name: cookie.Name, Value: cookie.Value } : null
    };
    return gql.Do(NOTE, { plugin: PLUGIN, args: args }).runPluginOperation;
  }

  var context = input.Args.hookContext;
  try {
    if (leavesTrace(context)) {
      if (isWaiting()) return { Output: "Sync Changes waits" };
      if (isSwitchedOff()) return { Output: "Stash2Plex is switched off" };
    }
    return { Output: note(context) };
  } catch (error) {
    // What is thrown can hold the cookie. Where the plugin is switched off, there is nothing to do.
    var why = String(error).indexOf("disabled") >= 0 ? " It is switched off." : "";
    return { Output: "Stash2Plex could not be told of scene " + context.id + "." + why };
  }
})();
