//! The agent's view, as those see it who may not see every contact.
