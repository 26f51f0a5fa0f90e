//! OpenLoRA: serving of pinned adapters over HTTP, paid from channels.
