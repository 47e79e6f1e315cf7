//! Parts that several examples share: command-line media choices and reports.
