"""The few pictures of the frame, drawn as strokes on a 24 by 24 field."""

ICONS = {
    "search": '<circle cx="11" cy="11" r="6.5"/><path d="m16 16 4.5 4.5"/>',
    "bell": '<path d="M6 10a6 6 0 0 1 12 0c0 6 2 7 2 7H4s2-1 2-7"/><path d="M10 20.5a2.3 2.3 0 0 0 4 0"/>',
    "person": '<circle cx="12" cy="8" r="3.7"/><path d="M4.5 20.5c1-4 4-5.7 7.5-5.7s6.5 1.7 7.5 5.7"/>',
    "lock": '<rect x="5" y="10.5" width="14" height="10" rx="2"/><path d="M8 10.5V7.5a4 4 0 0 1 8 0v3"/>',
    "out": '<path d="M13 4.5h6.5V11M19 5l-9 9M17 14v4.5a1 1 0 0 1-1 1H5.5a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1H10"/>',
    "print": '<path d="M7 9V3.5h10V9M7 17H4.5V9.5h15V17H17M7 14h10v6.5H7z"/>',
    "download": '<path d="M12 4v11m-4.5-4.5L12 15l4.5-4.5M4.5 19.5h15"/>',
}
