//! The Ethereum JSON-RPC on the node's own client and pool.
