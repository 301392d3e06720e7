// Sends a file that was chosen or dropped to the bucket, and goes on to its columns.
(function () {
  "use strict";
  var form = document.getElementById("upload");
  if (!form) return;
  var input = document.getElementById("file"), bar = document.getElementById("sent"), state = document.getElementById("upload-state");

  function tell(text) {
    state.textContent = text;
    state.className = text ? "error" : "";
    bar.hidden = true;
    input.disabled = false;
    input.value = "";
  }

  // What an answer says that is no form for the file.
  function told(answer) {
    var login = answer.headers.get("HX-Redirect");
    if (login) {
      location.assign(login);
      return "";
    }
    return answer.text().then(function (text) {
      var error = new DOMParser().parseFromString(text, "text/html").querySelector(".error");
      tell(error ? error.textContent : form.dataset.unsent);
    });
  }

  function send(file) {
    tell("");
    if (file.size > Number(form.dataset.most)) {
      tell(form.dataset.large);
      return;
    }
    input.disabled = true;
    bar.hidden = false;
    bar.value = 0;
    fetch(form.action, {
      method: "POST",
      headers: { "HX-Request": "true" },
      body: new URLSearchParams({ form_token: form.elements.form_token.value, name: file.name, size: String(file.size) })
    }).then(function (answer) {
      if (!answer.ok || answer.headers.get("HX-Redirect")) return told(answer);
      return answer.json().then(function (place) { put(place, file); });
    }).catch(function () { tell(form.dataset.unsent); });
  }

  function put(place, file) {
    var body = new FormData();
    Object.keys(place.fields).forEach(function (name) { body.append(name, place.fields[name]); });
    body.append("file", file);
    var request = new XMLHttpRequest();
    request.upload.addEventListener("progress", function (e) { if (e.lengthComputable) bar.value = e.loaded * 100 / e.total; });
    request.addEventListener("load", function () {
      if (request.status >= 200 && request.status < 300) location.assign(place.next);
      else tell(form.dataset.unsent);
    });
    request.addEventListener("error", function () { tell(form.dataset.unsent); });
    request.open("POST", place.url);
    request.send(body);
  }

  form.addEventListener("submit", function (e) { e.preventDefault(); });
  input.addEventListener("change", function () { if (input.files.length) send(input.files[0]); });
  ["dragenter", "dragover"].forEach(function (name) {
    form.addEventListener(name, function (e) { e.preventDefault(); form.classList.add("over-it"); });
  });
  ["dragleave", "drop"].forEach(function (name) {
    form.addEventListener(name, function (e) { e.preventDefault(); form.classList.remove("over-it"); });
  });
  form.addEventListener("drop", function (e) { if (e.dataTransfer.files.length && !input.disabled) send(e.dataTransfer.files[0]); });
})();
