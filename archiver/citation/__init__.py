"""What makes a snapshot citable: texts for every style, and the evidence that stands behind them."""
