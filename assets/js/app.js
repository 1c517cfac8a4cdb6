// What every page runs. Each module adds behaviour to markup that also works without it.
import './htmx.js';
import 'htmx-ext-sse';
import './dialogs.js';
import './palette.js';
import './requests.js';
import './streams.js';
import './forms.js';
import './tables.js';
import './matrix.js';
import './preferences.js';
import './small.js';
