//! Templates of the services: addresses, limits, discovery, fault texts, with the source of each number
