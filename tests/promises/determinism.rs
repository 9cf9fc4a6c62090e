//! Same seed, same bytes: however many threads, in whatever company, saved in the middle or not.
