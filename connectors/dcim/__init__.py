"""Sites outside the cloud: what their meters read and which machines run there."""
