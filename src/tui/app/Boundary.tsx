import { Component, type ReactNode } from "react";

interface BoundaryProps {
  onCrash: (error: unknown) => void;
  children: ReactNode;
}

/** Draws nothing any more after a fault of ours, and tells it once; the owner restores the terminal and says so. */
export class Boundary extends Component<BoundaryProps, { crashed: boolean }> {
  override state = { crashed: false };

  static getDerivedStateFromError(): { crashed: boolean } {
    return { crashed: true };
  }

  override componentDidCatch(error: unknown): void {
    this.props.onCrash(error);
  }

  override render(): ReactNode {
    return this.state.crashed ? null : this.props.children;
  }
}
