"""Camera: device description, ray kernel, image model."""
