(function () {
  'use strict';
  if (window.guidePage) return;
  window.guidePage = true;
  var KEY = 'guide-profile';
  function remembered() { try { return localStorage.getItem(KEY); } catch (e) { return null; } }
  function remember(profile) { try { localStorage.setItem(KEY, profile); } catch (e) { /* a private window */ } }
  function members(group) {
    return Array.prototype.filter.call(group.children, function (one) { return one.dataset.profile; });
  }
  function show(group, profile) {
    var panes = members(group);
    var chosen = panes.find(function (pane) { return pane.dataset.profile.split(' ').indexOf(profile) >= 0; });
    if (!chosen) chosen = panes[0];
    panes.forEach(function (pane) { pane.hidden = pane !== chosen; });
    group.querySelectorAll(':scope > .g-tablist > button').forEach(function (tab) {
      var on = tab.dataset.pick === chosen.dataset.profile;
      tab.setAttribute('aria-selected', on);
      tab.tabIndex = on ? 0 : -1;
    });
  }
  function choose(profile) {
    remember(profile);
    document.querySelectorAll('.g-tabs[data-ready]').forEach(function (group) { show(group, profile); });
  }
  function makeTabs(group, number) {
    var list = document.createElement('div');
    list.className = 'g-tablist';
    list.setAttribute('role', 'tablist');
    list.setAttribute('aria-label', 'Profile');
    members(group).forEach(function (pane, index) {
      var tab = document.createElement('button');
      tab.type = 'button';
      tab.textContent = pane.dataset.profile;
      tab.dataset.pick = pane.dataset.profile;
      tab.id = 'g-tab-' + number + '-' + index;
      if (!pane.id) pane.id = 'g-pane-' + number + '-' + index;
      tab.setAttribute('role', 'tab');
      tab.setAttribute('aria-controls', pane.id);
      if (pane.tagName !== 'FIGURE') { pane.setAttribute('role', 'tabpanel'); pane.setAttribute('aria-labelledby', tab.id); }
      tab.addEventListener('click', function () { choose(pane.dataset.profile.split(' ')[0]); });
      tab.addEventListener('keydown', function (event) {
        var step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        event.preventDefault();
        event.stopPropagation();
        var tabs = list.querySelectorAll('button');
        var next = tabs[(index + step + tabs.length) % tabs.length];
        choose(next.dataset.pick.split(' ')[0]);
        next.focus();
      });
      list.appendChild(tab);
    });
    group.insertBefore(list, group.firstChild);
    group.dataset.ready = '';
  }
  function copy(button) {
    var text = button.closest('.g-step').querySelector('.g-commands code').textContent + '\n';
    function done() {
      button.textContent = 'Copied';
      setTimeout(function () { button.textContent = 'Copy'; }, 1500);
    }
    function byHand() {
      var area = document.createElement('textarea');
      area.value = text;
      document.body.appendChild(area);
      area.select();
      document.execCommand('copy');
      area.remove();
      done();
    }
    if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, byHand); else byHand();
  }
  function start() {
    // mdBook gives this label a state that only a button may have.
    var toggle = document.getElementById('mdbook-sidebar-toggle');
    if (toggle) toggle.setAttribute('role', 'button');
    // What scrolls sideways has to be reached by keys, too.
    document.querySelectorAll('.content pre > code').forEach(function (code) {
      if (code.scrollWidth > code.clientWidth && !code.closest('.g-step')) code.tabIndex = 0;
    });
    document.querySelectorAll('.g-tabs').forEach(makeTabs);
    var groups = document.querySelectorAll('.g-tabs[data-ready]');
    groups.forEach(function (group) { show(group, remembered() || group.dataset.first); });
    var target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.hidden && target.dataset.profile) {
      show(target.parentNode, target.dataset.profile.split(' ')[0]);
      target.scrollIntoView();
    }
    document.querySelectorAll('.g-copy').forEach(function (button) {
      if (!button.closest('.g-step').querySelector('.g-commands code')) return;
      button.hidden = false;
      button.setAttribute('aria-live', 'polite');
      button.addEventListener('click', function () { copy(button); });
    });
    window.addEventListener('beforeprint', function () {
      document.querySelectorAll('.g-step details:not(.g-expected), .g-picture details').forEach(function (one) {
        if (!one.open) { one.open = true; one.dataset.printed = ''; }
      });
    });
    window.addEventListener('afterprint', function () {
      document.querySelectorAll('details[data-printed]').forEach(function (one) { one.open = false; delete one.dataset.printed; });
    });
  }
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start); else start();
})();
